//! Rules about tokens.

use platform::policy::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule { name: "identity:get_auth_catalog", default: "", doc: "Get auth catalog." },
    Rule { name: "identity:get_auth_projects", default: "", doc: "Get auth projects." },
    Rule { name: "identity:get_auth_domains", default: "", doc: "Get auth domains." },
    Rule { name: "identity:get_auth_system", default: "", doc: "Get auth system." },
    Rule {
        name: "identity:list_revoke_events",
        default: "rule:service_or_admin",
        doc: "List revoke events.",
    },
    Rule {
        name: "identity:s3tokens_validate",
        default: "rule:service_or_admin",
        doc: "Validate S3 signatures.",
    },
    Rule {
        name: "identity:ec2tokens_validate",
        default: "rule:service_or_admin",
        doc: "Validate EC2 signatures.",
    },
    Rule {
        name: "identity:check_token",
        default: "rule:admin_required or (role:reader and system_scope:all) or rule:token_subject",
        doc: "Check token.",
    },
    Rule {
        name: "identity:validate_token",
        default: "rule:admin_required or (role:reader and system_scope:all) or rule:service_role or rule:token_subject",
        doc: "Validate token.",
    },
    Rule {
        name: "identity:revoke_token",
        default: "rule:admin_required or rule:token_subject",
        doc: "Revoke token.",
    },
    Rule { name: "identity:list_projects_for_user", default: "", doc: "List projects for user." },
    Rule { name: "identity:list_domains_for_user", default: "", doc: "List domains for user." },
    Rule {
        name: "identity:revoke_tokens_for_user",
        default: "rule:admin_or_owner",
        doc: "Revoke tokens for user.",
    },
];
