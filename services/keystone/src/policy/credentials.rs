//! Rules about credentials.

use platform::policy::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "identity:get_access_rule",
        default: "(role:reader and system_scope:all) or user_id:%(target.user.id)s",
        doc: "Get access rule.",
    },
    Rule {
        name: "identity:list_access_rules",
        default: "(role:reader and system_scope:all) or user_id:%(target.user.id)s",
        doc: "List access rules.",
    },
    Rule {
        name: "identity:delete_access_rule",
        default: "(role:admin and system_scope:all) or user_id:%(target.user.id)s",
        doc: "Delete access rule.",
    },
    Rule {
        name: "identity:get_application_credential",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or rule:owner",
        doc: "Get application credential.",
    },
    Rule {
        name: "identity:list_application_credentials",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or rule:owner",
        doc: "List application credentials.",
    },
    Rule {
        name: "identity:create_application_credential",
        default: "user_id:%(user_id)s",
        doc: "Create application credential.",
    },
    Rule {
        name: "identity:delete_application_credential",
        default: "rule:admin_or_owner",
        doc: "Delete application credential.",
    },
    Rule {
        name: "identity:get_consumer",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Get consumer.",
    },
    Rule {
        name: "identity:list_consumers",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List consumers.",
    },
    Rule { name: "identity:create_consumer", default: "rule:admin_required", doc: "Create consumer." },
    Rule { name: "identity:update_consumer", default: "rule:admin_required", doc: "Update consumer." },
    Rule { name: "identity:delete_consumer", default: "rule:admin_required", doc: "Delete consumer." },
    Rule {
        name: "identity:get_credential",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s",
        doc: "Get credential.",
    },
    Rule {
        name: "identity:list_credentials",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s",
        doc: "List credentials.",
    },
    Rule {
        name: "identity:create_credential",
        default: "(rule:admin_required) or user_id:%(target.credential.user_id)s",
        doc: "Create credential.",
    },
    Rule {
        name: "identity:update_credential",
        default: "(rule:admin_required) or user_id:%(target.credential.user_id)s",
        doc: "Update credential.",
    },
    Rule {
        name: "identity:delete_credential",
        default: "(rule:admin_required) or user_id:%(target.credential.user_id)s",
        doc: "Delete credential.",
    },
    Rule {
        name: "identity:ec2_get_credential",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s",
        doc: "EC2 get credential.",
    },
    Rule {
        name: "identity:ec2_list_credentials",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or rule:owner",
        doc: "EC2 list credentials.",
    },
    Rule {
        name: "identity:ec2_create_credential",
        default: "(rule:admin_required) or (role:member and user_id:%(target.credential.user_id)s)",
        doc: "EC2 create credential.",
    },
    Rule {
        name: "identity:ec2_delete_credential",
        default: "(rule:admin_required) or (role:member and user_id:%(target.credential.user_id)s)",
        doc: "EC2 delete credential.",
    },
    Rule {
        name: "identity:create_trust",
        default: "user_id:%(target.trust.trustor_user_id)s",
        doc: "Create trust.",
    },
    Rule {
        name: "identity:list_trusts",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List trusts.",
    },
    Rule {
        name: "identity:list_trusts_for_trustor",
        default: "(rule:admin_required) or (role:reader and system_scope:all or user_id:%(target.trust.trustor_user_id)s)",
        doc: "List trusts for trustor.",
    },
    Rule {
        name: "identity:list_trusts_for_trustee",
        default: "(rule:admin_required) or (role:reader and system_scope:all or user_id:%(target.trust.trustee_user_id)s)",
        doc: "List trusts for trustee.",
    },
    Rule {
        name: "identity:list_roles_for_trust",
        default: "(rule:admin_required) or (role:reader and system_scope:all or user_id:%(target.trust.trustor_user_id)s or user_id:%(target.trust.trustee_user_id)s)",
        doc: "List roles for trust.",
    },
    Rule {
        name: "identity:get_role_for_trust",
        default: "(rule:admin_required) or (role:reader and system_scope:all or user_id:%(target.trust.trustor_user_id)s or user_id:%(target.trust.trustee_user_id)s)",
        doc: "Get role for trust.",
    },
    Rule {
        name: "identity:delete_trust",
        default: "rule:admin_required or user_id:%(target.trust.trustor_user_id)s",
        doc: "Delete trust.",
    },
    Rule {
        name: "identity:get_trust",
        default: "(rule:admin_required) or (role:reader and system_scope:all or user_id:%(target.trust.trustor_user_id)s or user_id:%(target.trust.trustee_user_id)s)",
        doc: "Get trust.",
    },
];
