//! Rules about catalog.

use platform::policy::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "identity:get_endpoint",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Get endpoint.",
    },
    Rule {
        name: "identity:list_endpoints",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List endpoints.",
    },
    Rule { name: "identity:create_endpoint", default: "rule:admin_required", doc: "Create endpoint." },
    Rule { name: "identity:update_endpoint", default: "rule:admin_required", doc: "Update endpoint." },
    Rule { name: "identity:delete_endpoint", default: "rule:admin_required", doc: "Delete endpoint." },
    Rule {
        name: "identity:create_endpoint_group",
        default: "rule:admin_required",
        doc: "Create endpoint group.",
    },
    Rule {
        name: "identity:list_endpoint_groups",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List endpoint groups.",
    },
    Rule {
        name: "identity:get_endpoint_group",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Get endpoint group.",
    },
    Rule {
        name: "identity:update_endpoint_group",
        default: "rule:admin_required",
        doc: "Update endpoint group.",
    },
    Rule {
        name: "identity:delete_endpoint_group",
        default: "rule:admin_required",
        doc: "Delete endpoint group.",
    },
    Rule {
        name: "identity:list_projects_associated_with_endpoint_group",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List projects associated with endpoint group.",
    },
    Rule {
        name: "identity:list_endpoints_associated_with_endpoint_group",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List endpoints associated with endpoint group.",
    },
    Rule {
        name: "identity:get_endpoint_group_in_project",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Get endpoint group in project.",
    },
    Rule {
        name: "identity:list_endpoint_groups_for_project",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List endpoint groups for project.",
    },
    Rule {
        name: "identity:add_endpoint_group_to_project",
        default: "rule:admin_required",
        doc: "Add endpoint group to project.",
    },
    Rule {
        name: "identity:remove_endpoint_group_from_project",
        default: "rule:admin_required",
        doc: "Remove endpoint group from project.",
    },
    Rule { name: "identity:get_limit_model", default: "", doc: "Get limit model." },
    Rule {
        name: "identity:get_limit",
        default: "rule:admin_required or (role:reader and system_scope:all) or \
            (domain_id:%(target.limit.domain.id)s or domain_id:%(target.limit.project.domain_id)s) or \
            (project_id:%(target.limit.project_id)s and not None:%(target.limit.project_id)s)",
        doc: "Get limit.",
    },
    Rule { name: "identity:list_limits", default: "", doc: "List limits." },
    Rule { name: "identity:create_limits", default: "rule:admin_required", doc: "Create limits." },
    Rule { name: "identity:update_limit", default: "rule:admin_required", doc: "Update limit." },
    Rule { name: "identity:delete_limit", default: "rule:admin_required", doc: "Delete limit." },
    Rule {
        name: "identity:get_policy",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Get policy.",
    },
    Rule {
        name: "identity:list_policies",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List policies.",
    },
    Rule { name: "identity:create_policy", default: "rule:admin_required", doc: "Create policy." },
    Rule { name: "identity:update_policy", default: "rule:admin_required", doc: "Update policy." },
    Rule { name: "identity:delete_policy", default: "rule:admin_required", doc: "Delete policy." },
    Rule {
        name: "identity:list_projects_for_endpoint",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List projects for endpoint.",
    },
    Rule {
        name: "identity:add_endpoint_to_project",
        default: "rule:admin_required",
        doc: "Add endpoint to project.",
    },
    Rule {
        name: "identity:check_endpoint_in_project",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Check endpoint in project.",
    },
    Rule {
        name: "identity:list_endpoints_for_project",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List endpoints for project.",
    },
    Rule {
        name: "identity:remove_endpoint_from_project",
        default: "rule:admin_required",
        doc: "Remove endpoint from project.",
    },
    Rule { name: "identity:get_region", default: "", doc: "Get region." },
    Rule { name: "identity:list_regions", default: "", doc: "List regions." },
    Rule { name: "identity:create_region", default: "rule:admin_required", doc: "Create region." },
    Rule { name: "identity:update_region", default: "rule:admin_required", doc: "Update region." },
    Rule { name: "identity:delete_region", default: "rule:admin_required", doc: "Delete region." },
    Rule { name: "identity:get_registered_limit", default: "", doc: "Get registered limit." },
    Rule { name: "identity:list_registered_limits", default: "", doc: "List registered limits." },
    Rule {
        name: "identity:create_registered_limits",
        default: "rule:admin_required",
        doc: "Create registered limits.",
    },
    Rule {
        name: "identity:update_registered_limit",
        default: "rule:admin_required",
        doc: "Update registered limit.",
    },
    Rule {
        name: "identity:delete_registered_limit",
        default: "rule:admin_required",
        doc: "Delete registered limit.",
    },
    Rule {
        name: "identity:get_service",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Get service.",
    },
    Rule {
        name: "identity:list_services",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "List services.",
    },
    Rule { name: "identity:create_service", default: "rule:admin_required", doc: "Create service." },
    Rule { name: "identity:update_service", default: "rule:admin_required", doc: "Update service." },
    Rule { name: "identity:delete_service", default: "rule:admin_required", doc: "Delete service." },
];
