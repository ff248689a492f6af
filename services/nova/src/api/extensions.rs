//! `/extensions`: names by which old clients find out what there is.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::http::{Cx, Fault, Routes, json};
use serde_json::{Value, json};

use crate::Nova;

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new().get("/v2.1/extensions", "os_compute_api:extensions", index).get(
        "/v2.1/extensions/{alias}",
        "os_compute_api:extensions",
        show,
    )
}

/// Alias and name of each.
const ALIASES: [(&str, &str); 49] = [
    ("NMN", "Multinic"),
    ("OS-DCF", "DiskConfig"),
    ("OS-EXT-AZ", "ExtendedAvailabilityZone"),
    ("OS-EXT-IPS", "ExtendedIps"),
    ("OS-EXT-IPS-MAC", "ExtendedIpsMac"),
    ("OS-EXT-SRV-ATTR", "ExtendedServerAttributes"),
    ("OS-EXT-STS", "ExtendedStatus"),
    ("OS-FLV-DISABLED", "FlavorDisabled"),
    ("OS-FLV-EXT-DATA", "FlavorExtraData"),
    ("OS-SCH-HNT", "SchedulerHints"),
    ("OS-SRV-USG", "ServerUsage"),
    ("os-admin-actions", "AdminActions"),
    ("os-aggregates", "Aggregates"),
    ("os-attach-interfaces", "AttachInterfaces"),
    ("os-availability-zone", "AvailabilityZone"),
    ("os-block-device-mapping-v2-boot", "BlockDeviceMappingV2Boot"),
    ("os-config-drive", "ConfigDrive"),
    ("os-console-output", "ConsoleOutput"),
    ("os-consoles", "Consoles"),
    ("os-create-backup", "CreateBackup"),
    ("os-deferred-delete", "DeferredDelete"),
    ("os-extended-volumes", "ExtendedVolumes"),
    ("os-flavor-access", "FlavorAccess"),
    ("os-flavor-extra-specs", "FlavorExtraSpecs"),
    ("os-flavor-manage", "FlavorManage"),
    ("os-flavor-rxtx", "FlavorRxtx"),
    ("os-flavor-swap", "FlavorSwap"),
    ("os-hosts", "Hosts"),
    ("os-hypervisors", "Hypervisors"),
    ("os-instance-actions", "InstanceActions"),
    ("os-instance_usage_audit_log", "OSInstanceUsageAuditLog"),
    ("os-keypairs", "Keypairs"),
    ("os-lock-server", "LockServer"),
    ("os-migrations", "Migrations"),
    ("os-multiple-create", "MultipleCreate"),
    ("os-pause-server", "PauseServer"),
    ("os-quota-class-sets", "QuotaClasses"),
    ("os-quota-sets", "Quotas"),
    ("os-rescue", "Rescue"),
    ("os-security-groups", "SecurityGroups"),
    ("os-server-diagnostics", "ServerDiagnostics"),
    ("os-server-external-events", "ServerExternalEvents"),
    ("os-server-groups", "ServerGroups"),
    ("os-server-password", "ServerPassword"),
    ("os-services", "Services"),
    ("os-shelve", "Shelve"),
    ("os-simple-tenant-usage", "SimpleTenantUsage"),
    ("os-suspend-server", "SuspendServer"),
    ("os-user-data", "UserData"),
];

fn view((alias, name): &(&str, &str)) -> Value {
    json!({
        "alias": alias, "name": name, "description": format!("{name} support."), "links": [],
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml", "updated": "2014-12-03T00:00:00Z",
    })
}

async fn index(cx: Cx<Nova>) -> Result<Response, Fault> {
    cx.allow()?;
    let list: Vec<Value> = ALIASES.iter().map(view).collect();
    json(StatusCode::OK, &json!({"extensions": list}))
}

async fn show(cx: Cx<Nova>, Path(alias): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let found = ALIASES.iter().find(|(known, _)| *known == alias);
    let found = found.ok_or_else(|| Fault::not_found("The resource could not be found."))?;
    json(StatusCode::OK, &json!({"extension": view(found)}))
}
