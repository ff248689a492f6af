//! A plausible body for each route that takes one: good enough to get as far as looking for what the path names.

use http::Method;
use platform::http::Route;
use serde_json::{Value, json};

use super::{estate::Estate, house::Part};

/// A plausible body for a route, if it takes one.
pub fn body(estate: &Estate, part: &Part, route: &Route) -> Option<Value> {
    if ![Method::POST, Method::PUT, Method::PATCH].contains(&route.method) {
        return None;
    }
    let made = estate.made.iter().find(|(place, path, _)| {
        *place == part.place && route.method == Method::POST && *path == estate.path(part, route.path)
    });
    if let Some((_, _, body)) = made {
        return Some(body.clone());
    }
    match part.place {
        "/compute" => compute(estate, route),
        "/volume" => volume(estate, route),
        "/networking" => networking(estate, route),
        "/identity" => identity(estate, route),
        "/image" => image(estate, route),
        "/placement" => placement(estate, route),
        _ => None,
    }
}

/// What an action of a body takes.
pub fn action(estate: &Estate, name: &str) -> Value {
    let id = |place, kind| estate.id(place, kind).unwrap_or_default();
    match name {
        "createImage" => json!({"name": "x"}),
        "createBackup" => json!({"name": "x", "backup_type": "daily", "rotation": 1}),
        "rebuild" => json!({"imageRef": id("/image", "images")}),
        "resize" => json!({"flavorRef": id("/compute", "flavors")}),
        "reboot" => json!({"type": "SOFT"}),
        "os-resetState" => json!({"state": "active"}),
        "os-migrateLive" => json!({"host": null, "block_migration": "auto"}),
        "evacuate" => json!({"adminPass": "secret"}),
        "changePassword" => json!({"adminPass": "secret"}),
        "addSecurityGroup" | "removeSecurityGroup" => json!({"name": "default"}),
        "addFloatingIp" | "removeFloatingIp" => json!({"address": "172.24.4.9"}),
        "addFixedIp" => json!({"networkId": id("/networking", "networks")}),
        "removeFixedIp" => json!({"address": "10.9.0.9"}),
        "os-getConsoleOutput" => json!({}),
        "os-getVNCConsole" => json!({"type": "novnc"}),
        "os-getSPICEConsole" => json!({"type": "spice-html5"}),
        "os-getSerialConsole" => json!({"type": "serial"}),
        "os-getRDPConsole" => json!({"type": "rdp-html5"}),
        "addTenantAccess" | "removeTenantAccess" => json!({"tenant": "a-third-project"}),
        "add_host" | "remove_host" => json!({"host": "walk"}),
        "set_metadata" => json!({"metadata": {"walk": "x"}}),
        "os-extend" => json!({"new_size": 5}),
        "os-retype" => json!({"new_type": "walk"}),
        "os-update_readonly_flag" => json!({"readonly": true}),
        "os-set_bootable" => json!({"bootable": true}),
        "os-reset_status" => json!({"status": "available"}),
        "os-update_snapshot_status" => json!({"status": "available"}),
        "os-attach" => json!({"mountpoint": "/dev/vdb", "instance_uuid": id("/compute", "servers")}),
        "os-detach" | "os-force_detach" => json!({}),
        "os-initialize_connection" | "os-terminate_connection" => json!({"connector": {"host": "walk"}}),
        "os-volume_upload_image" => json!({"image_name": "x"}),
        "os-set_image_metadata" => json!({"metadata": {"walk": "x"}}),
        "os-unset_image_metadata" => json!({"key": "walk"}),
        "os-complete" => json!({}),
        "revert" => json!({"snapshot_id": id("/volume", "snapshots")}),
        "addProjectAccess" | "removeProjectAccess" => json!({"project": "a-third-project"}),
        _ => Value::Null,
    }
}

fn compute(estate: &Estate, route: &Route) -> Option<Value> {
    let id = |place, kind| estate.id(place, kind).unwrap_or_default();
    let path = route.path.strip_prefix("/v2.1/")?;
    let put = route.method == Method::PUT;
    Some(match path.split('/').collect::<Vec<_>>()[..] {
        ["servers", _] => json!({"server": {"name": "x"}}),
        ["servers", _, "metadata"] | ["images", _, "metadata"] => json!({"metadata": {"walk": "y"}}),
        ["servers", _, "metadata", _] | ["images", _, "metadata", _] => json!({"meta": {"walk": "y"}}),
        ["servers", _, "tags"] => json!({"tags": ["x"]}),
        ["servers", _, "remote-consoles"] => json!({"remote_console": {"protocol": "vnc", "type": "novnc"}}),
        ["servers", _, "os-volume_attachments", ..] => {
            json!({"volumeAttachment": {"volumeId": id("/volume", "volumes")}})
        }
        ["servers", _, "os-interface"] => {
            json!({"interfaceAttachment": {"net_id": id("/networking", "networks")}})
        }
        ["os-quota-sets", _] | ["os-quota-class-sets", _] => {
            let name = if path.starts_with("os-quota-sets") { "quota_set" } else { "quota_class_set" };
            json!({name: {"cores": 10}})
        }
        ["os-security-groups", ..] => json!({"security_group": {"name": "x", "description": "x"}}),
        ["os-security-group-rules"] => json!({"security_group_rule": {
            "parent_group_id": id("/networking", "security-groups"), "ip_protocol": "tcp",
            "from_port": 80, "to_port": 80, "cidr": "0.0.0.0/0"}}),
        ["os-floating-ips"] => json!({"pool": "public"}),
        ["flavors", _] if put => json!({"flavor": {"description": "x"}}),
        ["flavors", _, "os-extra_specs"] => json!({"extra_specs": {"walk": "y"}}),
        ["flavors", _, "os-extra_specs", _] => json!({"walk": "y"}),
        ["os-aggregates", _] => json!({"aggregate": {"name": "y"}}),
        ["os-services", _] => json!({"status": "enabled"}),
        ["os-hosts", _] => json!({"status": "enable"}),
        ["os-server-external-events"] => json!({"events": [{
            "name": "network-changed", "server_uuid": id("/compute", "servers")}]}),
        ["os-assisted-volume-snapshots"] => json!({"snapshot": {
            "volume_id": id("/volume", "volumes"),
            "create_info": {"snapshot_id": id("/volume", "snapshots"), "type": "qcow2", "new_file": "x"}}}),
        _ => return None,
    })
}

fn volume(estate: &Estate, route: &Route) -> Option<Value> {
    let path = route.path.strip_prefix("/v3/")?;
    Some(match path.split('/').collect::<Vec<_>>()[..] {
        ["volumes", _] => json!({"volume": {"name": "x"}}),
        ["snapshots", _] => json!({"snapshot": {"name": "x"}}),
        [_, _, "metadata"] => json!({"metadata": {"walk": "y"}}),
        [_, _, "metadata", _] => json!({"meta": {"walk": "y"}}),
        ["attachments", _] => json!({"attachment": {"connector": {"host": "walk"}}}),
        [_, _, "accept"] => json!({"accept": {"auth_key": "0123456789abcdef"}}),
        ["os-volume-transfer"] => {
            json!({"transfer": {"volume_id": estate.id("/volume", "volumes"), "name": "x"}})
        }
        ["os-quota-sets", _] => json!({"quota_set": {"volumes": 10}}),
        ["os-quota-class-sets", _] => json!({"quota_class_set": {"volumes": 10}}),
        ["types", _] => json!({"volume_type": {"name": "y"}}),
        ["types", _, "extra_specs"] => json!({"extra_specs": {"walk": "y"}}),
        ["types", _, "extra_specs", _] => json!({"walk": "y"}),
        ["types", _, "encryption", ..] => {
            json!({"encryption": {"provider": "luks", "control_location": "front-end"}})
        }
        ["qos-specs", _] => json!({"qos_specs": {"walk": "y"}}),
        ["qos-specs", _, "delete_keys"] => json!({"keys": ["walk"]}),
        ["os-services", _] => json!({"binary": "cinder-volume", "host": "walk"}),
        _ => return None,
    })
}

fn networking(estate: &Estate, route: &Route) -> Option<Value> {
    let id = |kind| estate.id("/networking", kind).unwrap_or_default();
    let path = route.path.strip_prefix("/v2.0/")?;
    Some(match path.split('/').collect::<Vec<_>>()[..] {
        ["rbac-policies", _] => json!({"rbac_policy": {"target_tenant": "a-fourth-project"}}),
        ["quotas", _] => json!({"quota": {"network": 100}}),
        ["routers", _, "add_router_interface" | "remove_router_interface"] => {
            json!({"subnet_id": id("subnets")})
        }
        ["routers", _, "add_extraroutes" | "remove_extraroutes"] => {
            json!({"router": {"routes": [{"destination": "10.77.0.0/16", "nexthop": "10.9.0.7"}]}})
        }
        [_, _, "tags"] => json!({"tags": ["x"]}),
        [collection, _] => {
            let name = collection.replace('-', "_");
            json!({name.trim_end_matches('s'): {"description": "x"}})
        }
        _ => return None,
    })
}

fn identity(estate: &Estate, route: &Route) -> Option<Value> {
    let id = |kind| estate.id("/identity", kind).unwrap_or_default();
    let path = route.path.strip_prefix("/v3/")?;
    Some(match path.split('/').collect::<Vec<_>>()[..] {
        ["auth", "tokens"] => json!({"auth": {"identity": {"methods": ["password"], "password": {"user": {
            "id": id("users"), "password": "wrong"}}}}}),
        ["users", _, "password"] => json!({"user": {"password": "x", "original_password": "wrong"}}),
        ["projects", _, "tags"] => json!({"tags": ["x"]}),
        ["credentials", _] => json!({"credential": {"blob": "y"}}),
        ["regions", _] => json!({"region": {"description": "x"}}),
        ["OS-EP-FILTER", "endpoint_groups", _] => json!({"endpoint_group": {"description": "x"}}),
        ["OS-OAUTH1", "consumers", _] => json!({"consumer": {"description": "x"}}),
        ["limits", _] => json!({"limit": {"resource_limit": 2}}),
        ["registered_limits", _] => json!({"registered_limit": {"default_limit": 6}}),
        ["policies", _] => json!({"policy": {"blob": "{}"}}),
        ["domains", _, "config", ..] => json!({"config": {"ldap": {"url": "ldap://walk"}}}),
        ["ec2tokens"] | ["s3tokens"] => json!({"credentials": {"access": "x", "signature": "x"}}),
        [collection, _] => json!({collection.trim_end_matches('s'): {"description": "x"}}),
        _ => return None,
    })
}

fn image(_: &Estate, route: &Route) -> Option<Value> {
    let path = route.path.strip_prefix("/v2/")?;
    Some(match path.split('/').collect::<Vec<_>>()[..] {
        ["images", _] => json!([{"op": "replace", "path": "/name", "value": "x"}]),
        ["images", _, "members", _] => json!({"status": "accepted"}),
        ["images", _, "import"] => json!({"method": {"name": "glance-direct"}}),
        ["tasks"] => {
            json!({"type": "import", "input": {"import_from": "http://walk", "import_from_format": "raw",
            "image_properties": {"disk_format": "raw", "container_format": "bare"}}})
        }
        ["metadefs", "namespaces", _] => json!({"namespace": "walk", "visibility": "private"}),
        ["metadefs", "namespaces", _, "objects", ..] => json!({"name": "walk"}),
        ["metadefs", "namespaces", _, "properties", ..] => {
            json!({"name": "walk", "title": "x", "type": "string"})
        }
        ["metadefs", "namespaces", _, "tags"] => json!({"tags": [{"name": "walk"}]}),
        ["metadefs", "namespaces", _, "tags", _] => json!({"name": "walk"}),
        ["metadefs", "namespaces", _, "resource_types"] => json!({"name": "walk"}),
        _ => return None,
    })
}

fn placement(estate: &Estate, route: &Route) -> Option<Value> {
    let provider = estate.id("/placement", "resource_providers").unwrap_or_default();
    let allocations = json!({
        "allocations": {provider.as_str(): {"resources": {"CUSTOM_WALK": 1}}},
        "project_id": "p", "user_id": "u", "consumer_generation": null, "consumer_type": "INSTANCE"});
    Some(match route.path.trim_start_matches('/').split('/').collect::<Vec<_>>()[..] {
        ["resource_providers", _] => json!({"name": "x"}),
        ["resource_providers", _, "inventories"] if route.method == Method::PUT => {
            json!({"resource_provider_generation": 0, "inventories": {"CUSTOM_WALK": {"total": 4}}})
        }
        ["resource_providers", _, "inventories"] => {
            json!({"resource_class": "CUSTOM_WALK", "total": 4, "resource_provider_generation": 0})
        }
        ["resource_providers", _, "inventories", _] => json!({"resource_provider_generation": 0, "total": 4}),
        ["resource_providers", _, "aggregates"] => {
            json!({"aggregates": ["6d3f1a52-70b5-4f0c-9a53-3f3f6f0e8b10"], "resource_provider_generation": 0})
        }
        ["resource_providers", _, "traits"] => {
            json!({"traits": ["CUSTOM_WALK"], "resource_provider_generation": 0})
        }
        ["allocations", _] => allocations,
        ["allocations"] => json!({"6d3f1a52-70b5-4f0c-9a53-3f3f6f0e8b10": allocations}),
        ["resource_classes"] => json!({"name": "CUSTOM_RUN"}),
        ["reshaper"] => json!({"inventories": {}, "allocations": {}}),
        _ => return None,
    })
}
