//! Rules about roles.

use platform::policy::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "identity:check_grant",
        default: "(rule:admin_required) or ((role:reader and system_scope:all) or \
            ((role:reader and domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or \
            (role:reader and domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or \
            (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or \
            (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s)) and (domain_id:%(target.role.domain_id)s or \
            None:%(target.role.domain_id)s))",
        doc: "Check grant.",
    },
    Rule {
        name: "identity:list_grants",
        default: "(rule:admin_required) or ((role:reader and system_scope:all) or \
            (role:reader and domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or \
            (role:reader and domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or \
            (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or \
            (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s))",
        doc: "List grants.",
    },
    Rule {
        name: "identity:create_grant",
        default: "(rule:admin_required) or \
            ((role:admin and domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or \
            (role:admin and domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or \
            (role:admin and domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or \
            (role:admin and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s)) and (domain_id:%(target.role.domain_id)s or \
            None:%(target.role.domain_id)s) or \
            ((role:manager and domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or \
            (role:manager and domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or \
            (role:manager and domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or \
            (role:manager and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s)) and rule:domain_managed_target_role",
        doc: "Create grant.",
    },
    Rule {
        name: "identity:revoke_grant",
        default: "(rule:admin_required) or \
            ((role:admin and domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or \
            (role:admin and domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or \
            (role:admin and domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or \
            (role:admin and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s)) and (domain_id:%(target.role.domain_id)s or \
            None:%(target.role.domain_id)s) or \
            ((role:manager and domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or \
            (role:manager and domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or \
            (role:manager and domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or \
            (role:manager and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s)) and rule:domain_managed_target_role",
        doc: "Revoke grant.",
    },
    Rule {
        name: "identity:list_system_grants_for_user",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List system grants for user.",
    },
    Rule {
        name: "identity:check_system_grant_for_user",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Check system grant for user.",
    },
    Rule {
        name: "identity:create_system_grant_for_user",
        default: "rule:admin_required",
        doc: "Create system grant for user.",
    },
    Rule {
        name: "identity:revoke_system_grant_for_user",
        default: "rule:admin_required",
        doc: "Revoke system grant for user.",
    },
    Rule {
        name: "identity:list_system_grants_for_group",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List system grants for group.",
    },
    Rule {
        name: "identity:check_system_grant_for_group",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Check system grant for group.",
    },
    Rule {
        name: "identity:create_system_grant_for_group",
        default: "rule:admin_required",
        doc: "Create system grant for group.",
    },
    Rule {
        name: "identity:revoke_system_grant_for_group",
        default: "rule:admin_required",
        doc: "Revoke system grant for group.",
    },
    Rule {
        name: "identity:get_implied_role",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Get implied role.",
    },
    Rule {
        name: "identity:list_implied_roles",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List implied roles.",
    },
    Rule {
        name: "identity:create_implied_role",
        default: "rule:admin_required",
        doc: "Create implied role.",
    },
    Rule {
        name: "identity:delete_implied_role",
        default: "rule:admin_required",
        doc: "Delete implied role.",
    },
    Rule {
        name: "identity:list_role_inference_rules",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List role inference rules.",
    },
    Rule {
        name: "identity:check_implied_role",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Check implied role.",
    },
    Rule {
        name: "identity:get_role",
        default: "(rule:admin_required or (role:reader and system_scope:all)) or (role:manager and rule:domain_managed_target_role)",
        doc: "Get role.",
    },
    Rule {
        name: "identity:list_roles",
        default: "(rule:admin_required or (role:reader and system_scope:all)) or (role:manager and not domain_id:None)",
        doc: "List roles.",
    },
    Rule { name: "identity:create_role", default: "rule:admin_required", doc: "Create role." },
    Rule { name: "identity:update_role", default: "rule:admin_required", doc: "Update role." },
    Rule { name: "identity:delete_role", default: "rule:admin_required", doc: "Delete role." },
    Rule {
        name: "identity:get_domain_role",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Get domain role.",
    },
    Rule {
        name: "identity:list_domain_roles",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List domain roles.",
    },
    Rule { name: "identity:create_domain_role", default: "rule:admin_required", doc: "Create domain role." },
    Rule { name: "identity:update_domain_role", default: "rule:admin_required", doc: "Update domain role." },
    Rule { name: "identity:delete_domain_role", default: "rule:admin_required", doc: "Delete domain role." },
    Rule {
        name: "identity:list_role_assignments",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s and not None:%(target.domain_id)s)",
        doc: "List role assignments.",
    },
    Rule {
        name: "identity:list_role_assignments_for_tree",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s and not None:%(target.domain_id)s)",
        doc: "List role assignments for tree.",
    },
];
