//! Who may do what: Placement's rules under their usual names.

use platform::policy::Rule;

/// The defaults.
pub const RULES: &[Rule] = &[
    Rule {
        name: "admin_or_service_api",
        default: "role:admin or role:service",
        doc: "An administrator, or another service.",
    },
    Rule {
        name: "admin_or_project_reader_or_service_api",
        default: "role:admin or rule:project_reader_api or role:service",
        doc: "An administrator, another service, or a reader of the project asked about.",
    },
    Rule {
        name: "placement:resource_providers:list",
        default: "rule:admin_or_service_api",
        doc: "List resource providers.",
    },
    Rule {
        name: "placement:resource_providers:create",
        default: "rule:admin_or_service_api",
        doc: "Create resource providers.",
    },
    Rule {
        name: "placement:resource_providers:show",
        default: "rule:admin_or_service_api",
        doc: "Show resource providers.",
    },
    Rule {
        name: "placement:resource_providers:update",
        default: "rule:admin_or_service_api",
        doc: "Update resource providers.",
    },
    Rule {
        name: "placement:resource_providers:delete",
        default: "rule:admin_or_service_api",
        doc: "Delete resource providers.",
    },
    Rule {
        name: "placement:resource_providers:inventories:list",
        default: "rule:admin_or_service_api",
        doc: "List inventories of a provider.",
    },
    Rule {
        name: "placement:resource_providers:inventories:create",
        default: "rule:admin_or_service_api",
        doc: "Create inventories of a provider.",
    },
    Rule {
        name: "placement:resource_providers:inventories:show",
        default: "rule:admin_or_service_api",
        doc: "Show inventories of a provider.",
    },
    Rule {
        name: "placement:resource_providers:inventories:update",
        default: "rule:admin_or_service_api",
        doc: "Update inventories of a provider.",
    },
    Rule {
        name: "placement:resource_providers:inventories:delete",
        default: "rule:admin_or_service_api",
        doc: "Delete inventories of a provider.",
    },
    Rule {
        name: "placement:resource_providers:aggregates:list",
        default: "rule:admin_or_service_api",
        doc: "List aggregates of a provider.",
    },
    Rule {
        name: "placement:resource_providers:aggregates:update",
        default: "rule:admin_or_service_api",
        doc: "Update aggregates of a provider.",
    },
    Rule {
        name: "placement:resource_providers:traits:list",
        default: "rule:admin_or_service_api",
        doc: "List traits of a provider.",
    },
    Rule {
        name: "placement:resource_providers:traits:update",
        default: "rule:admin_or_service_api",
        doc: "Update traits of a provider.",
    },
    Rule {
        name: "placement:resource_providers:traits:delete",
        default: "rule:admin_or_service_api",
        doc: "Delete traits of a provider.",
    },
    Rule {
        name: "placement:resource_providers:allocations:list",
        default: "rule:admin_or_service_api",
        doc: "List allocations of a provider.",
    },
    Rule {
        name: "placement:resource_providers:usages",
        default: "rule:admin_or_service_api",
        doc: "Show how much of a provider is used.",
    },
    Rule {
        name: "placement:usages",
        default: "rule:admin_or_project_reader_or_service_api",
        doc: "Show how much a project uses.",
    },
    Rule { name: "placement:traits:list", default: "rule:admin_or_service_api", doc: "List traits." },
    Rule { name: "placement:traits:show", default: "rule:admin_or_service_api", doc: "Show traits." },
    Rule { name: "placement:traits:update", default: "rule:admin_or_service_api", doc: "Update traits." },
    Rule { name: "placement:traits:delete", default: "rule:admin_or_service_api", doc: "Delete traits." },
    Rule {
        name: "placement:resource_classes:list",
        default: "rule:admin_or_service_api",
        doc: "List resource classes.",
    },
    Rule {
        name: "placement:resource_classes:create",
        default: "rule:admin_or_service_api",
        doc: "Create resource classes.",
    },
    Rule {
        name: "placement:resource_classes:show",
        default: "rule:admin_or_service_api",
        doc: "Show resource classes.",
    },
    Rule {
        name: "placement:resource_classes:update",
        default: "rule:admin_or_service_api",
        doc: "Update resource classes.",
    },
    Rule {
        name: "placement:resource_classes:delete",
        default: "rule:admin_or_service_api",
        doc: "Delete resource classes.",
    },
    Rule {
        name: "placement:allocations:list",
        default: "rule:admin_or_service_api",
        doc: "List allocations of a consumer.",
    },
    Rule {
        name: "placement:allocations:update",
        default: "rule:admin_or_service_api",
        doc: "Update allocations of a consumer.",
    },
    Rule {
        name: "placement:allocations:delete",
        default: "rule:admin_or_service_api",
        doc: "Delete allocations of a consumer.",
    },
    Rule {
        name: "placement:allocations:manage",
        default: "rule:admin_or_service_api",
        doc: "Set allocations of several consumers at once.",
    },
    Rule {
        name: "placement:allocation_candidates:list",
        default: "rule:admin_or_service_api",
        doc: "List providers with room.",
    },
    Rule {
        name: "placement:reshaper:reshape",
        default: "rule:service_api",
        doc: "Move inventories and their allocations at once.",
    },
];

/// As [`platform::policy::Policy::new`] takes them.
pub static ALL: &[&[Rule]] = &[RULES];
