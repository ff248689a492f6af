//! A volume, as it is shown.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use platform::{
    View,
    db::owned::Owned,
    http::{Cx, Fault},
};
use sea_orm::{DatabaseConnection, DbErr, EntityTrait};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::pages::{Link, links};
use crate::{
    Cinder,
    model::{attachment, volume, volume_type},
};

/// A time as Cinder writes it.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// A volume in a short list.
#[derive(View)]
pub(crate) struct Brief {
    id: Uuid,
    name: String,
    links: Vec<Link>,
}

#[derive(Debug, Serialize)]
struct AttachmentView {
    id: Uuid,
    attachment_id: Uuid,
    volume_id: Uuid,
    server_id: Option<Uuid>,
    host_name: Option<String>,
    device: Option<String>,
    attached_at: Option<String>,
}

/// A volume.
#[derive(View)]
pub(crate) struct VolumeView {
    id: Uuid,
    name: String,
    description: Option<String>,
    status: String,
    size: i64,
    created_at: String,
    updated_at: Option<String>,
    availability_zone: String,
    volume_type: Option<String>,
    #[view(since = "3.63")]
    volume_type_id: Uuid,
    bootable: &'static str,
    encrypted: bool,
    #[view(since = "3.64", skip_none)]
    encryption_key_id: Option<String>,
    multiattach: bool,
    metadata: Value,
    #[view(skip_none)]
    volume_image_metadata: Option<Value>,
    snapshot_id: Option<Uuid>,
    source_volid: Option<Uuid>,
    user_id: String,
    consistencygroup_id: Option<Uuid>,
    replication_status: Option<String>,
    attachments: Vec<AttachmentView>,
    links: Vec<Link>,
    #[view(since = "3.13")]
    group_id: Option<Uuid>,
    #[view(since = "3.21", skip_none)]
    provider_id: Option<Option<String>>,
    #[view(since = "3.48")]
    service_uuid: Option<Uuid>,
    #[view(since = "3.48")]
    shared_targets: Option<bool>,
    #[view(since = "3.61", skip_none)]
    cluster_name: Option<Option<String>>,
    #[view(since = "3.65")]
    consumes_quota: bool,
    #[view(skip_none)]
    migration_status: Option<Option<String>>,
    #[view(rename = "os-vol-tenant-attr:tenant_id", skip_none)]
    tenant_id: Option<String>,
    #[view(rename = "os-vol-host-attr:host", skip_none)]
    host: Option<String>,
    #[view(rename = "os-vol-mig-status-attr:migstat", skip_none)]
    migration: Option<Option<String>>,
    #[view(rename = "os-vol-mig-status-attr:name_id", skip_none)]
    migration_name: Option<Option<String>>,
}

/// What views of a whole list need, read at once.
pub(crate) struct Beside {
    attachments: HashMap<Uuid, Vec<attachment::Model>>,
    types: HashMap<Uuid, String>,
}

impl Beside {
    /// Two queries, whatever the number of volumes.
    pub(crate) async fn read(db: &DatabaseConnection, rows: &[volume::Model]) -> Result<Self, DbErr> {
        let attachments = attachment::shown_with(db, rows).await?;
        let kinds = volume_type::Entity::find().all(db).await?;
        Ok(Self { attachments, types: kinds.into_iter().map(|kind| (kind.id, kind.name)).collect() })
    }
}

/// A volume in short.
pub(crate) fn brief(cx: &Cx<Cinder>, row: volume::Model) -> Brief {
    Brief { id: row.id, links: links(cx, &format!("/volumes/{}", row.id)), name: row.name }
}

/// A volume in full.
pub(crate) fn full(cx: &Cx<Cinder>, row: volume::Model, beside: &Beside, extended: bool) -> VolumeView {
    let admin = cx.is_admin();
    let target = row.target();
    let sees_host = cx.may("volume_extension:volume_host_attribute", &target);
    let sees_migration = cx.may("volume_extension:volume_mig_status_attribute", &target);
    let sees_project = cx.may("volume_extension:volume_tenant_attribute", &target);
    drop(target);
    let attachments = beside.attachments.get(&row.id).map(Vec::as_slice).unwrap_or_default();
    let attachments = attachments.iter().map(|held| AttachmentView {
        id: row.id,
        attachment_id: held.id,
        volume_id: row.id,
        server_id: held.instance,
        host_name: held.host.clone().filter(|_| sees_host),
        device: held.mountpoint.clone(),
        attached_at: held.attached_at.map(time),
    });
    VolumeView {
        id: row.id,
        attachments: attachments.collect(),
        links: links(cx, &format!("/volumes/{}", row.id)),
        name: row.name,
        description: row.description,
        status: row.status,
        size: row.size,
        created_at: time(row.created_at),
        updated_at: Some(time(row.updated_at)),
        availability_zone: row.availability_zone,
        volume_type: beside.types.get(&row.volume_type_id).cloned(),
        volume_type_id: row.volume_type_id,
        bootable: if row.bootable { "true" } else { "false" },
        encrypted: false,
        encryption_key_id: None,
        multiattach: row.multiattach,
        metadata: with_flags(row.metadata, row.readonly),
        volume_image_metadata: row
            .image_metadata
            .filter(|pairs| extended && pairs.as_object().is_some_and(|map| !map.is_empty())),
        snapshot_id: row.snapshot_id,
        source_volid: row.source_volid,
        user_id: row.user_id,
        consistencygroup_id: row.group_id,
        replication_status: None,
        group_id: None,
        provider_id: admin.then_some(None),
        migration_status: admin.then_some(None),
        service_uuid: None,
        shared_targets: Some(false),
        cluster_name: admin.then_some(None),
        consumes_quota: true,
        tenant_id: (extended && sees_project).then_some(row.project_id),
        host: (extended && sees_host).then(|| cx.service.pool()),
        migration: (extended && sees_migration).then_some(None),
        migration_name: (extended && sees_migration).then_some(None),
    }
}

/// Cinder shows the read-only flag among the metadata, once it was said.
fn with_flags(mut metadata: Value, readonly: Option<bool>) -> Value {
    if let (Some(readonly), Some(pairs)) = (readonly, metadata.as_object_mut()) {
        pairs.insert("readonly".into(), if readonly { "True" } else { "False" }.into());
    }
    metadata
}

/// One volume's view, read fresh; `extended` with what extensions add when it is shown, and not when it is made or changed.
pub(crate) async fn one(cx: &Cx<Cinder>, row: volume::Model, extended: bool) -> Result<VolumeView, Fault> {
    let beside = Beside::read(cx.service.db.read(), std::slice::from_ref(&row)).await?;
    Ok(full(cx, row, &beside, extended))
}
