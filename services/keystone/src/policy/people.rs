//! Rules about people.

use platform::policy::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "identity:get_domain",
        default: "rule:admin_required or (role:reader and system_scope:all) or token.domain.id:%(target.domain.id)s or token.project.domain.id:%(target.domain.id)s",
        doc: "Get domain.",
    },
    Rule {
        name: "identity:list_domains",
        default: "rule:admin_required or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain.id)s)",
        doc: "List domains.",
    },
    Rule { name: "identity:create_domain", default: "rule:admin_required", doc: "Create domain." },
    Rule { name: "identity:update_domain", default: "rule:admin_required", doc: "Update domain." },
    Rule { name: "identity:delete_domain", default: "rule:admin_required", doc: "Delete domain." },
    Rule {
        name: "identity:create_domain_config",
        default: "rule:admin_required",
        doc: "Create domain config.",
    },
    Rule {
        name: "identity:get_domain_config",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Get domain config.",
    },
    Rule {
        name: "identity:get_security_compliance_domain_config",
        default: "",
        doc: "Get security compliance domain config.",
    },
    Rule {
        name: "identity:update_domain_config",
        default: "rule:admin_required",
        doc: "Update domain config.",
    },
    Rule {
        name: "identity:delete_domain_config",
        default: "rule:admin_required",
        doc: "Delete domain config.",
    },
    Rule {
        name: "identity:get_domain_config_default",
        default: "rule:admin_required or (role:reader and system_scope:all)",
        doc: "Get domain config default.",
    },
    Rule {
        name: "identity:get_group",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.group.domain_id)s)",
        doc: "Get group.",
    },
    Rule {
        name: "identity:list_groups",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.group.domain_id)s)",
        doc: "List groups.",
    },
    Rule {
        name: "identity:list_groups_for_user",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(user_id)s",
        doc: "List groups for user.",
    },
    Rule {
        name: "identity:create_group",
        default: "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s)",
        doc: "Create group.",
    },
    Rule {
        name: "identity:update_group",
        default: "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s)",
        doc: "Update group.",
    },
    Rule {
        name: "identity:delete_group",
        default: "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s)",
        doc: "Delete group.",
    },
    Rule {
        name: "identity:list_users_in_group",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.group.domain_id)s)",
        doc: "List users in group.",
    },
    Rule {
        name: "identity:remove_user_from_group",
        default: "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s)",
        doc: "Remove user from group.",
    },
    Rule {
        name: "identity:check_user_in_group",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or \
            (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s)",
        doc: "Check user in group.",
    },
    Rule {
        name: "identity:add_user_to_group",
        default: "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s)",
        doc: "Add user to group.",
    },
    Rule {
        name: "identity:get_project",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or \
            (role:reader and domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s) or \
            project_id:%(target.project.id)s",
        doc: "Get project.",
    },
    Rule {
        name: "identity:list_projects",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s)",
        doc: "List projects.",
    },
    Rule {
        name: "identity:list_user_projects",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(target.user.id)s",
        doc: "List user projects.",
    },
    Rule {
        name: "identity:create_project",
        default: "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s)",
        doc: "Create project.",
    },
    Rule {
        name: "identity:update_project",
        default: "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s)",
        doc: "Update project.",
    },
    Rule {
        name: "identity:delete_project",
        default: "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s)",
        doc: "Delete project.",
    },
    Rule {
        name: "identity:list_project_tags",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or \
            (role:reader and domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s) or \
            project_id:%(target.project.id)s",
        doc: "List project tags.",
    },
    Rule {
        name: "identity:get_project_tag",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or \
            (role:reader and domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s) or \
            project_id:%(target.project.id)s",
        doc: "Get project tag.",
    },
    Rule {
        name: "identity:update_project_tags",
        default: "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s)",
        doc: "Update project tags.",
    },
    Rule {
        name: "identity:create_project_tag",
        default: "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s)",
        doc: "Create project tag.",
    },
    Rule {
        name: "identity:delete_project_tags",
        default: "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s)",
        doc: "Delete project tags.",
    },
    Rule {
        name: "identity:delete_project_tag",
        default: "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s)",
        doc: "Delete project tag.",
    },
    Rule {
        name: "identity:get_user",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or \
            (role:reader and token.domain.id:%(target.user.domain_id)s) or user_id:%(target.user.id)s",
        doc: "Get user.",
    },
    Rule {
        name: "identity:list_users",
        default: "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain_id)s)",
        doc: "List users.",
    },
    Rule {
        name: "identity:create_user",
        default: "(rule:admin_required) or (role:manager and token.domain.id:%(target.user.domain_id)s)",
        doc: "Create user.",
    },
    Rule {
        name: "identity:update_user",
        default: "(rule:admin_required) or (role:manager and token.domain.id:%(target.user.domain_id)s)",
        doc: "Update user.",
    },
    Rule {
        name: "identity:delete_user",
        default: "(rule:admin_required) or (role:manager and token.domain.id:%(target.user.domain_id)s)",
        doc: "Delete user.",
    },
];
