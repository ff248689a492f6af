//! `workers/cleanup` (3.24): what a service left undone is taken up. The reconcilers do that by themselves; asked, they do
//! it now, however long they would have waited after failures.

use axum::response::Response;
use http::{Method, StatusCode};
use platform::{
    Body as BodyDerive,
    http::{Body, Cx, Fault, Routes, json},
    reconcile::{Reconciler, Waker},
    wire::Version,
};
use serde::Deserialize;
use serde_json::{Value, json as literal};
use uuid::Uuid;

use super::services;
use crate::{Cinder, error::Error, snapshot::SnapshotReconciler, volume::VolumeReconciler};

pub(crate) fn routes() -> Routes<Cinder> {
    let since = Some((3, 24));
    Routes::new().versioned(Method::POST, "/v3/workers/cleanup", "workers:cleanup", since, None, cleanup)
}

#[derive(Deserialize, BodyDerive)]
struct Cleanup {
    #[body(min = 1, max = 255)]
    cluster_name: Option<String>,
    #[serde(default)]
    #[body(schema = super::boolean)]
    disabled: Value,
    #[body(min = 1, max = 255)]
    host: Option<String>,
    /// Services that are up are asked only when this says so.
    #[serde(default)]
    #[body(schema = super::boolean)]
    is_up: Value,
    #[body(one_of = ["cinder-volume", "cinder-scheduler"])]
    binary: Option<String>,
    resource_id: Option<Uuid>,
    #[body(schema = kind)]
    resource_type: Option<String>,
    #[body(minimum = 1, maximum = 2147483647)]
    service_id: Option<i64>,
}

fn kind(_: Version) -> Value {
    literal!({"type": ["string", "null"], "maxLength": 40})
}

impl Cleanup {
    /// The services that are asked: they are parts of this program, so none is down, in a cluster, or away.
    fn services(&self, cinder: &Cinder) -> Vec<Value> {
        let asked = super::truth(&self.is_up) == Some(true)
            && super::truth(&self.disabled) != Some(true)
            && self.cluster_name.is_none();
        let all = services::all(cinder).into_iter().zip(1..).filter(|_| asked);
        all.filter(|((binary, host), id)| {
            self.binary.as_ref().is_none_or(|binary_asked| binary_asked == binary)
                && self.host.as_ref().is_none_or(|host_asked| host_asked == host)
                && self.service_id.is_none_or(|id_asked| id_asked == *id)
        })
        .map(
            |((binary, host), id)| literal!({"id": id, "host": host, "binary": binary, "cluster_name": null}),
        )
        .collect()
    }
}

/// The ids of what is undone, if that is what is asked for, with who wakes it.
async fn undone<'a>(
    of: &impl Reconciler,
    waker: &'a Waker,
    body: &Cleanup,
) -> Result<Vec<(&'a Waker, Uuid)>, Fault> {
    let kind = body.resource_type.as_deref().filter(|kind| !kind.is_empty());
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case(of.name())) {
        return Ok(Vec::new());
    }
    let pending = of.pending().await.map_err(Fault::internal)?;
    let asked = pending.into_iter().filter(|id| body.resource_id.is_none_or(|asked| asked == *id));
    Ok(asked.map(|id| (waker, id)).collect())
}

async fn cleanup(cx: Cx<Cinder>, Body(body): Body<Cleanup>) -> Result<Response, Fault> {
    cx.allow()?;
    let cinder = &cx.service;
    let known = ["", "volume", "snapshot", "backup"];
    if let Some(kind) = &body.resource_type
        && !known.contains(&kind.to_ascii_lowercase().as_str())
    {
        let why = format!("Resource type {kind} not valid, must be Backup, Snapshot or Volume");
        return Err(Error::InvalidInput(why).into());
    }
    let mut found = undone(&VolumeReconciler::new(cinder.clone()), &cinder.volumes, &body).await?;
    found.extend(undone(&SnapshotReconciler::new(cinder.clone()), &cinder.snapshots, &body).await?);
    if let Some(id) = body.resource_id
        && found.is_empty()
        && body.host.is_none()
        && body.service_id.is_none()
        && body.cluster_name.is_none()
    {
        let why = format!("There is no resource with UUID {id} pending cleanup.");
        return Err(Error::InvalidInput(why).into());
    }
    let services = body.services(cinder);
    if !services.is_empty() {
        for (waker, id) in found {
            waker.wake(id);
        }
    }
    json(StatusCode::ACCEPTED, &literal!({"cleaning": services, "unavailable": []}))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tests::{Cloud, expect};

    const PATH: &str = "/v3/workers/cleanup";

    #[tokio::test]
    async fn services_that_are_up_are_asked_to_clean_up_only_where_that_is_said() {
        let cloud = Cloud::idle().await;
        let id = cloud.begin(json!({})).await;
        let asked = cloud.admin.post(PATH, json!({})).await;
        expect(&asked, 202);
        assert_eq!(asked.json, json!({"cleaning": [], "unavailable": []}));
        let body = json!({"is_up": true, "binary": "cinder-volume", "resource_id": id});
        let asked = cloud.admin.post(PATH, body).await;
        expect(&asked, 202);
        assert_eq!(asked.json["cleaning"][0]["binary"], "cinder-volume");
        assert_eq!(asked.json["cleaning"].as_array().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn nothing_is_cleaned_up_that_is_not_undone_and_by_nobody_but_administrators() {
        let cloud = Cloud::idle().await;
        for body in [
            json!({"resource_id": uuid::Uuid::new_v4()}),
            json!({"resource_type": "server"}),
            json!({"binary": "nova-compute"}),
            json!({"colour": "red"}),
        ] {
            expect(&cloud.admin.post(PATH, body).await, 400);
        }
        expect(&cloud.member.post(PATH, json!({})).await, 403);
        expect(&cloud.at("3.23").with_token("admin").post(PATH, json!({})).await, 404);
    }
}
