//! The Compute API: one file for each resource.

mod aggregates;
mod assisted_volume_snapshots;
mod availability_zones;
mod extensions;
mod external_events;
mod flavor_access;
mod flavor_extra_specs;
mod flavors;
mod floating_ips;
mod hosts;
mod hypervisors;
mod image_metadata;
mod images;
mod instance_actions;
mod interfaces;
mod ips;
mod keypairs;
mod lenient;
mod limits;
mod links;
mod lookup;
mod migrations;
mod networks;
pub mod paths;
mod quota_class_sets;
mod quota_sets;
mod remote_consoles;
mod security_group_rules;
mod security_groups;
mod server_actions;
mod server_diagnostics;
mod server_groups;
mod server_metadata;
mod server_password;
mod server_security_groups;
mod server_tags;
mod servers;
mod services;
mod tenant_usage;
mod usage_audit_log;
mod versions;
mod volume_attachments;

use platform::http::Routes;

use crate::Nova;

/// All routes.
pub fn routes() -> Routes<Nova> {
    let groups: [fn() -> Routes<Nova>; 30] = [
        versions::routes,
        flavors::routes,
        flavor_access::routes,
        flavor_extra_specs::routes,
        keypairs::routes,
        servers::routes,
        server_actions::routes,
        server_metadata::routes,
        server_tags::routes,
        server_diagnostics::routes,
        server_password::routes,
        server_security_groups::routes,
        server_groups::routes,
        ips::routes,
        instance_actions::routes,
        volume_attachments::routes,
        interfaces::routes,
        remote_consoles::routes,
        limits::routes,
        quota_sets::routes,
        quota_class_sets::routes,
        hypervisors::routes,
        hosts::routes,
        services::routes,
        availability_zones::routes,
        aggregates::routes,
        assisted_volume_snapshots::routes,
        tenant_usage::routes,
        usage_audit_log::routes,
        migrations::routes,
    ];
    let routes = groups.into_iter().fold(Routes::new(), |all, group| all.merge(group()));
    routes
        .merge(extensions::routes())
        .merge(external_events::routes())
        .merge(security_groups::routes())
        .merge(security_group_rules::routes())
        .merge(floating_ips::routes())
        .merge(networks::routes())
        .merge(images::routes())
        .merge(image_metadata::routes())
}
