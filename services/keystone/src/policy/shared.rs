//! Names that other rules use.

use platform::policy::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule { name: "admin_required", default: "role:admin", doc: "Admin required." },
    Rule { name: "service_role", default: "role:service", doc: "Service role." },
    Rule {
        name: "service_or_admin",
        default: "rule:admin_required or rule:service_role",
        doc: "Service or admin.",
    },
    Rule { name: "owner", default: "user_id:%(user_id)s", doc: "Owner." },
    Rule { name: "admin_or_owner", default: "rule:admin_required or rule:owner", doc: "Admin or owner." },
    Rule { name: "token_subject", default: "user_id:%(target.token.user_id)s", doc: "Token subject." },
    Rule {
        name: "admin_or_token_subject",
        default: "rule:admin_required or rule:token_subject",
        doc: "Admin or token subject.",
    },
    Rule {
        name: "service_admin_or_token_subject",
        default: "rule:service_or_admin or rule:token_subject",
        doc: "Service admin or token subject.",
    },
    Rule {
        name: "domain_managed_target_role",
        default: "'manager':%(target.role.name)s or 'member':%(target.role.name)s or 'reader':%(target.role.name)s",
        doc: "Domain managed target role.",
    },
];
