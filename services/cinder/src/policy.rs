//! Who may do what: Cinder's names and today's defaults.

use platform::policy::Rule;

const fn rule(name: &'static str, default: &'static str, doc: &'static str) -> Rule {
    Rule { name, default, doc }
}

const READER: &str = "rule:project_reader_or_admin";
const MEMBER: &str = "rule:project_member_or_admin";
const ADMIN: &str = "rule:context_is_admin";

/// All rules.
pub(crate) static ALL: &[&[Rule]] = &[VOLUMES, ACTIONS, SNAPSHOTS, ATTACHMENTS, TYPES, ELSE];

const VOLUMES: &[Rule] = &[
    rule("volume:create", MEMBER, "Make a volume."),
    rule("volume:get", READER, "Show a volume."),
    rule("volume:get_all", READER, "List volumes."),
    rule("volume:update", MEMBER, "Change a volume's name and description."),
    rule("volume:delete", MEMBER, "Delete a volume."),
    rule("volume:force_delete", ADMIN, "Delete a volume in whatever status."),
    rule("volume:get_volume_metadata", READER, "Show a volume's metadata."),
    rule("volume:create_volume_metadata", MEMBER, "Add metadata to a volume."),
    rule("volume:update_volume_metadata", MEMBER, "Change a volume's metadata."),
    rule("volume:delete_volume_metadata", MEMBER, "Remove a volume's metadata."),
    rule("volume_extension:volume_tenant_attribute", READER, "See the project of a volume."),
    rule("volume_extension:volume_host_attribute", ADMIN, "See the host of a volume."),
    rule("volume_extension:volume_mig_status_attribute", ADMIN, "See a volume's migration."),
    rule("volume_extension:volume_encryption_metadata", READER, "Show how a volume is encrypted."),
    rule("volume_extension:volume_image_metadata:show", READER, "Show a volume's image metadata."),
    rule("volume_extension:volume_image_metadata:set", MEMBER, "Set a volume's image metadata."),
    rule("volume_extension:volume_image_metadata:remove", MEMBER, "Remove a volume's image metadata."),
];

const ACTIONS: &[Rule] = &[
    rule("volume:extend", MEMBER, "Make a volume larger."),
    rule("volume:revert_to_snapshot", MEMBER, "Bring a volume back to its last snapshot."),
    rule("volume:retype", MEMBER, "Change a volume's type."),
    rule("volume:update_readonly_flag", MEMBER, "Make a volume read only."),
    rule("volume_extension:volume_admin_actions:reset_status", ADMIN, "Set a volume's status."),
    rule("volume_extension:volume_admin_actions:force_delete", ADMIN, "Delete a volume in whatever status."),
    rule("volume_extension:volume_admin_actions:force_detach", ADMIN, "Detach a volume whatever holds it."),
    rule("volume_extension:volume_actions:attach", MEMBER, "Mark a volume as attached."),
    rule("volume_extension:volume_actions:detach", MEMBER, "Mark a volume as detached."),
    rule("volume_extension:volume_actions:reserve", MEMBER, "Reserve a volume."),
    rule("volume_extension:volume_actions:unreserve", MEMBER, "Give up a reserved volume."),
    rule("volume_extension:volume_actions:begin_detaching", MEMBER, "Begin to detach."),
    rule("volume_extension:volume_actions:roll_detaching", MEMBER, "Give up detaching."),
    rule("volume_extension:volume_actions:initialize_connection", MEMBER, "Learn how to reach a volume."),
    rule("volume_extension:volume_actions:terminate_connection", MEMBER, "Reach a volume no longer."),
    rule("volume_extension:volume_actions:upload_image", MEMBER, "Make an image of a volume."),
    rule("volume_extension:volume_actions:upload_public", ADMIN, "Make a public image of a volume."),
];

const SNAPSHOTS: &[Rule] = &[
    rule("volume:create_snapshot", MEMBER, "Make a snapshot."),
    rule("volume:get_snapshot", READER, "Show a snapshot."),
    rule("volume:get_all_snapshots", READER, "List snapshots."),
    rule("volume:update_snapshot", MEMBER, "Change a snapshot's name and description."),
    rule("volume:delete_snapshot", MEMBER, "Delete a snapshot."),
    rule("volume_extension:extended_snapshot_attributes", READER, "See the project of a snapshot."),
    rule("volume_extension:snapshot_admin_actions:reset_status", ADMIN, "Set a snapshot's status."),
    rule(
        "volume_extension:snapshot_admin_actions:force_delete",
        ADMIN,
        "Delete a snapshot in whatever status.",
    ),
    rule("snapshot_extension:snapshot_actions:update_snapshot_status", MEMBER, "Say how a snapshot goes on."),
    rule("volume:get_snapshot_metadata", READER, "Show a snapshot's metadata."),
    rule("volume:update_snapshot_metadata", MEMBER, "Change a snapshot's metadata."),
    rule("volume:delete_snapshot_metadata", MEMBER, "Remove a snapshot's metadata."),
];

const ATTACHMENTS: &[Rule] = &[
    rule("volume:attachment_create", MEMBER, "Make an attachment."),
    rule("volume:attachment_get", READER, "Show an attachment."),
    rule("volume:attachment_update", MEMBER, "Say by which host an attachment is."),
    rule("volume:attachment_complete", MEMBER, "Say that an attachment is carried out."),
    rule("volume:attachment_delete", MEMBER, "Remove an attachment."),
];

const TYPES: &[Rule] = &[
    rule("volume_extension:type_get", READER, "Show a type."),
    rule("volume_extension:type_get_all", READER, "List types."),
    rule("volume_extension:type_create", ADMIN, "Make a type."),
    rule("volume_extension:type_update", ADMIN, "Change a type."),
    rule("volume_extension:type_delete", ADMIN, "Delete a type."),
    rule("volume_extension:access_types_extra_specs", READER, "See the extra specs that users may see."),
    rule("volume_extension:types_extra_specs:index", READER, "List extra specs."),
    rule("volume_extension:types_extra_specs:show", READER, "Show an extra spec."),
    rule("volume_extension:types_extra_specs:create", ADMIN, "Add extra specs."),
    rule("volume_extension:types_extra_specs:update", ADMIN, "Change an extra spec."),
    rule("volume_extension:types_extra_specs:delete", ADMIN, "Remove an extra spec."),
    rule("volume_extension:types_extra_specs:read_sensitive", ADMIN, "See all extra specs."),
    rule("volume_extension:access_types_qos_specs_id", ADMIN, "See the QoS specification of a type."),
    rule("volume_extension:volume_type_encryption:create", ADMIN, "Say how a type is encrypted."),
    rule("volume_extension:volume_type_encryption:get", ADMIN, "Show how a type is encrypted."),
    rule("volume_extension:volume_type_encryption:update", ADMIN, "Change how a type is encrypted."),
    rule("volume_extension:volume_type_encryption:delete", ADMIN, "Let a type be encrypted no more."),
    rule("volume_extension:volume_type_access", MEMBER, "See whether a type is public."),
    rule("volume_extension:volume_type_access:get_all_for_type", ADMIN, "List who may use a type."),
    rule("volume_extension:volume_type_access:addProjectAccess", ADMIN, "Let a project use a type."),
    rule(
        "volume_extension:volume_type_access:removeProjectAccess",
        ADMIN,
        "Let a project no longer use a type.",
    ),
];

const ELSE: &[Rule] = &[
    rule("volume_extension:quotas:show", READER, "Show quotas."),
    rule("volume_extension:quotas:update", ADMIN, "Set quotas."),
    rule("volume_extension:quotas:delete", ADMIN, "Set quotas back."),
    rule("volume_extension:quota_classes:get", ADMIN, "Show the defaults of quotas."),
    rule("volume_extension:quota_classes:update", ADMIN, "Set the defaults of quotas."),
    rule("limits_extension:used_limits", READER, "Show limits and what is used."),
    rule("volume_extension:services:index", ADMIN, "List services."),
    rule("volume_extension:services:update", ADMIN, "Enable and disable services."),
    rule("workers:cleanup", ADMIN, "Have services take up what was left undone."),
    rule("volume:freeze_host", ADMIN, "Freeze a host."),
    rule("volume:thaw_host", ADMIN, "Thaw a host."),
    rule("volume:failover_host", ADMIN, "Fail a host over."),
    rule("volume_extension:capabilities", ADMIN, "Show what a backend can."),
    rule("backup:get_all", READER, "List backups."),
    rule("backup:get", READER, "Show a backup."),
    rule("volume_extension:hosts", ADMIN, "List hosts."),
    rule("volume:availability_zone_list", READER, "List availability zones."),
    rule("volume:list_extensions", READER, "List extensions."),
    rule("scheduler_extension:scheduler_stats:get_pools", ADMIN, "List pools."),
    rule("volume_extension:qos_specs_manage:get_all", ADMIN, "List QoS specifications."),
    rule("volume_extension:qos_specs_manage:get", ADMIN, "Show a QoS specification."),
    rule("volume_extension:qos_specs_manage:create", ADMIN, "Make a QoS specification."),
    rule("volume_extension:qos_specs_manage:update", ADMIN, "Change a QoS specification."),
    rule("volume_extension:qos_specs_manage:delete", ADMIN, "Delete a QoS specification."),
    rule("volume:create_transfer", MEMBER, "Offer a volume to another project."),
    rule("volume:accept_transfer", MEMBER, "Take an offered volume."),
    rule("volume:get_transfer", READER, "Show an offer."),
    rule("volume:get_all_transfers", READER, "List offers."),
    rule("volume:delete_transfer", MEMBER, "Take an offer back."),
    rule("message:get", READER, "Show a message."),
    rule("message:get_all", READER, "List messages."),
    rule("message:delete", MEMBER, "Delete a message."),
];
