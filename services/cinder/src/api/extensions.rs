//! Zones, and the extensions that this API has.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::http::{Cx, Fault, Routes, json};
use serde_json::{Value, json as literal};

use crate::Cinder;

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
        .get("/v3/os-availability-zone", "volume:availability_zone_list", zones)
        .get("/v3/extensions", "volume:list_extensions", list)
        .get("/v3/extensions/{alias}", "volume:list_extensions", show)
}

async fn zones(cx: Cx<Cinder>) -> Result<Response, Fault> {
    cx.allow()?;
    let zone = &cx.service.config.availability_zone;
    json(
        StatusCode::OK,
        &literal!({"availabilityZoneInfo": [{"zoneName": zone, "zoneState": {"available": true}}]}),
    )
}

/// Alias, name, and what it is for.
const EXTENSIONS: [(&str, &str, &str); 22] = [
    ("os-admin-actions", "AdminActions", "Actions of administrators."),
    ("os-availability-zone", "AvailabilityZones", "Availability zones."),
    ("capabilities", "Capabilities", "What a backend can."),
    ("os-extended-snapshot-attributes", "ExtendedSnapshotAttributes", "Project and progress of snapshots."),
    ("os-hosts", "Hosts", "Hosts of services."),
    ("qos-specs", "Qos_specs_manage", "QoS specifications."),
    ("os-quota-class-sets", "QuotaClasses", "Defaults of quotas."),
    ("os-quota-sets", "Quotas", "Quotas of projects."),
    ("scheduler-stats", "Scheduler_stats", "Pools of the scheduler."),
    ("os-services", "Services", "Services."),
    ("os-snapshot-actions", "SnapshotActions", "Actions of snapshots."),
    ("os-types-extra-specs", "TypesExtraSpecs", "Extra specs of types."),
    ("os-types-manage", "TypesManage", "Managing types."),
    ("os-used-limits", "UsedLimits", "What is used of limits."),
    ("os-volume-actions", "VolumeActions", "Actions of volumes."),
    ("os-volume-encryption-metadata", "VolumeEncryptionMetadata", "How a volume is encrypted."),
    ("os-vol-host-attr", "VolumeHostAttribute", "The host of a volume."),
    ("os-vol-image-meta", "VolumeImageMetadata", "What a volume keeps of its image."),
    ("os-vol-mig-status-attr", "VolumeMigStatusAttribute", "How a volume's migration goes."),
    ("os-vol-tenant-attr", "VolumeTenantAttribute", "The project of a volume."),
    ("os-volume-transfer", "VolumeTransfer", "Offering volumes to other projects."),
    ("os-volume-type-access", "VolumeTypeAccess", "Which projects may use a type."),
];

fn shown((alias, name, description): &(&str, &str, &str)) -> Value {
    literal!({"alias": alias, "name": name, "description": description, "links": [], "updated": "2026-01-01T00:00:00+00:00"})
}

async fn list(cx: Cx<Cinder>) -> Result<Response, Fault> {
    cx.allow()?;
    let extensions: Vec<Value> = EXTENSIONS.iter().map(shown).collect();
    json(StatusCode::OK, &literal!({"extensions": extensions}))
}

async fn show(cx: Cx<Cinder>, Path(alias): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let found = EXTENSIONS.iter().find(|(known, ..)| *known == alias);
    let found = found.ok_or_else(|| Fault::not_found("The resource could not be found."))?;
    json(StatusCode::OK, &literal!({"extension": shown(found)}))
}
