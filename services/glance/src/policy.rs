//! Who may do what: Glance's rules under their usual names.

use platform::policy::Rule;

/// The defaults.
pub const RULES: &[Rule] = &[
    Rule { name: "default", default: "", doc: "Whoever has a token." },
    Rule { name: "service_api", default: "role:service or role:admin", doc: "Another service." },
    Rule {
        name: "add_image",
        default: "rule:context_is_admin or (role:member and project_id:%(project_id)s and project_id:%(owner)s)",
        doc: "Create an image.",
    },
    Rule {
        name: "delete_image",
        default: "rule:context_is_admin or (role:member and project_id:%(project_id)s)",
        doc: "Delete an image.",
    },
    Rule {
        name: "get_image",
        default: "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or project_id:%(member_id)s or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s))",
        doc: "Show an image.",
    },
    Rule {
        name: "get_images",
        default: "rule:context_is_admin or (role:reader and project_id:%(project_id)s)",
        doc: "List images.",
    },
    Rule {
        name: "modify_image",
        default: "rule:context_is_admin or (role:member and project_id:%(project_id)s)",
        doc: "Change an image.",
    },
    Rule {
        name: "publicize_image",
        default: "rule:context_is_admin",
        doc: "Make an image visible to all, and listed.",
    },
    Rule {
        name: "communitize_image",
        default: "rule:context_is_admin or (role:member and project_id:%(project_id)s)",
        doc: "Make an image visible to all, and not listed.",
    },
    Rule {
        name: "download_image",
        default: "rule:context_is_admin or (role:member and (project_id:%(project_id)s or project_id:%(member_id)s or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s))",
        doc: "Download an image's content.",
    },
    Rule {
        name: "upload_image",
        default: "rule:context_is_admin or (role:member and project_id:%(project_id)s)",
        doc: "Upload an image's content.",
    },
    Rule {
        name: "delete_image_location",
        default: "rule:context_is_admin",
        doc: "Delete an image's content from one store.",
    },
    Rule {
        name: "add_member",
        default: "rule:context_is_admin or (role:member and project_id:%(project_id)s)",
        doc: "Share an image with a project.",
    },
    Rule {
        name: "delete_member",
        default: "rule:context_is_admin or (role:member and project_id:%(project_id)s)",
        doc: "End the sharing with a project.",
    },
    Rule {
        name: "get_member",
        default: "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or project_id:%(member_id)s))",
        doc: "Show a project that an image is shared with.",
    },
    Rule {
        name: "get_members",
        default: "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or project_id:%(member_id)s))",
        doc: "List the projects that an image is shared with.",
    },
    Rule {
        name: "modify_member",
        default: "rule:context_is_admin or (role:member and project_id:%(member_id)s)",
        doc: "Accept or reject a shared image.",
    },
    Rule {
        name: "deactivate",
        default: "rule:context_is_admin or (role:member and project_id:%(project_id)s)",
        doc: "Deactivate an image.",
    },
    Rule {
        name: "reactivate",
        default: "rule:context_is_admin or (role:member and project_id:%(project_id)s)",
        doc: "Reactivate an image.",
    },
    Rule { name: "copy_image", default: "rule:context_is_admin", doc: "Copy an image between stores." },
    Rule { name: "get_task", default: "", doc: "Show a task." },
    Rule { name: "get_tasks", default: "", doc: "List tasks." },
    Rule { name: "tasks_api_access", default: "rule:context_is_admin", doc: "Use the tasks API." },
    Rule {
        name: "stores_info_detail",
        default: "rule:context_is_admin or rule:service_api",
        doc: "Show the stores' properties.",
    },
    Rule { name: "metadef_admin", default: "rule:context_is_admin", doc: "Define metadata." },
    Rule {
        name: "get_metadef_namespaces",
        default: "rule:context_is_admin or (role:reader and project_id:%(project_id)s)",
        doc: "List namespaces of metadata.",
    },
    Rule {
        name: "get_metadef_namespace",
        default: "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))",
        doc: "Show a namespace of metadata.",
    },
    Rule {
        name: "get_metadef_object",
        default: "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))",
        doc: "Show an object of metadata.",
    },
    Rule {
        name: "get_metadef_objects",
        default: "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))",
        doc: "Show objects of metadata.",
    },
    Rule {
        name: "list_metadef_resource_types",
        default: "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))",
        doc: "Show resource types of metadata.",
    },
    Rule {
        name: "get_metadef_resource_type",
        default: "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))",
        doc: "Show a resource type of metadata.",
    },
    Rule {
        name: "get_metadef_property",
        default: "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))",
        doc: "Show a property of metadata.",
    },
    Rule {
        name: "get_metadef_properties",
        default: "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))",
        doc: "Show properties of metadata.",
    },
    Rule {
        name: "get_metadef_tag",
        default: "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))",
        doc: "Show a tag of metadata.",
    },
    Rule {
        name: "get_metadef_tags",
        default: "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))",
        doc: "Show tags of metadata.",
    },
    Rule {
        name: "add_metadef_namespace",
        default: "rule:metadef_admin",
        doc: "Make a namespace of metadata.",
    },
    Rule {
        name: "modify_metadef_namespace",
        default: "rule:metadef_admin",
        doc: "Change a namespace of metadata.",
    },
    Rule {
        name: "delete_metadef_namespace",
        default: "rule:metadef_admin",
        doc: "Delete a namespace of metadata.",
    },
    Rule { name: "add_metadef_object", default: "rule:metadef_admin", doc: "Make an object of metadata." },
    Rule {
        name: "modify_metadef_object",
        default: "rule:metadef_admin",
        doc: "Change an object of metadata.",
    },
    Rule {
        name: "delete_metadef_object",
        default: "rule:metadef_admin",
        doc: "Delete an object of metadata.",
    },
    Rule { name: "add_metadef_property", default: "rule:metadef_admin", doc: "Make a property of metadata." },
    Rule {
        name: "modify_metadef_property",
        default: "rule:metadef_admin",
        doc: "Change a property of metadata.",
    },
    Rule {
        name: "remove_metadef_property",
        default: "rule:metadef_admin",
        doc: "Delete a property of metadata.",
    },
    Rule { name: "add_metadef_tag", default: "rule:metadef_admin", doc: "Make a tag of metadata." },
    Rule { name: "add_metadef_tags", default: "rule:metadef_admin", doc: "Make tags of metadata." },
    Rule { name: "modify_metadef_tag", default: "rule:metadef_admin", doc: "Change a tag of metadata." },
    Rule { name: "delete_metadef_tag", default: "rule:metadef_admin", doc: "Delete a tag of metadata." },
    Rule { name: "delete_metadef_tags", default: "rule:metadef_admin", doc: "Delete all tags of metadata." },
    Rule {
        name: "add_metadef_resource_type_association",
        default: "rule:metadef_admin",
        doc: "Associate a resource type of metadata.",
    },
    Rule {
        name: "remove_metadef_resource_type_association",
        default: "rule:metadef_admin",
        doc: "Dissociate a resource type of metadata.",
    },
];

/// As [`platform::policy::Policy::new`] takes them.
pub static ALL: &[&[Rule]] = &[RULES];
