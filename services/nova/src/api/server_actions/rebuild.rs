//! Rebuild: another image in place of the disk.

use std::collections::BTreeMap;

use axum::response::Response;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::StatusCode;
use platform::{
    Body, View,
    http::{self as web, Fault},
    wire::{At, Patch, Version, View},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{
        lenient::{address, description, metadata, name},
        servers::{
            body::File,
            fits, metadata_fits, password, snapshot,
            view::{self, Changed, Surroundings},
        },
    },
    Asked, Request,
};
use crate::{
    error::NovaError,
    model::{
        flavor::Strings,
        keypair,
        server::{self, TaskDetails},
    },
    quota,
    server::state::{Task, VmState},
};

#[derive(Deserialize, Body)]
#[body(wrap = "rebuild")]
struct Rebuild {
    #[serde(rename = "imageRef")]
    image: String,
    #[serde(default)]
    #[body(schema = name)]
    name: Option<String>,
    #[serde(rename = "adminPass", default)]
    #[body(schema = text)]
    admin_pass: Option<String>,
    #[serde(default)]
    #[body(schema = metadata)]
    metadata: Option<BTreeMap<String, String>>,
    /// Taken for old clients: a rebuild keeps no disk on the host.
    #[allow(dead_code)]
    preserve_ephemeral: Option<super::super::lenient::Flag>,
    #[serde(rename = "OS-DCF:diskConfig")]
    #[body(one_of = ["AUTO", "MANUAL"])]
    disk_config: Option<String>,
    #[serde(rename = "accessIPv4")]
    #[body(format = "ipv4")]
    access_ip_v4: Option<String>,
    #[serde(rename = "accessIPv6")]
    #[body(format = "ipv6")]
    access_ip_v6: Option<String>,
    #[body(until = "2.56")]
    personality: Option<Vec<File>>,
    #[serde(default)]
    #[body(since = "2.19", schema = description)]
    description: Patch<String>,
    #[serde(default)]
    #[body(since = "2.54", min = 1, max = 255)]
    key_name: Patch<String>,
    #[serde(default)]
    #[body(since = "2.57", max = 65535)]
    user_data: Patch<String>,
    #[serde(default)]
    #[body(since = "2.63")]
    trusted_image_certificates: Patch<Vec<String>>,
    #[body(since = "2.90", min = 2, max = 63)]
    hostname: Option<String>,
}

fn text(_: Version) -> Value {
    json!({"type": "string"})
}

#[derive(View)]
struct Answer<'a> {
    #[view(nested)]
    server: Rebuilt<'a>,
}

/// The changed server, with its password, and its user data from 2.57 on.
struct Rebuilt<'a> {
    server: Changed<'a>,
    row: &'a server::Model,
    admin_pass: &'a str,
}

impl View for Rebuilt<'_> {
    fn serialize_at<S: serde::Serializer>(&self, version: Version, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(View)]
        struct More<'a> {
            #[view(rename = "adminPass")]
            admin_pass: &'a str,
            #[view(since = "2.54")]
            key_name: Option<&'a str>,
            #[view(since = "2.57")]
            user_data: Option<&'a str>,
        }
        use serde::ser::{Error, Serialize};
        let failed = S::Error::custom;
        let mut server = serde_json::to_value(At(&self.server, version)).map_err(failed)?;
        let more = More {
            admin_pass: self.admin_pass,
            key_name: self.row.key_name.as_deref(),
            user_data: self.row.user_data.as_deref(),
        };
        let more = serde_json::to_value(At(&more, version)).map_err(failed)?;
        if let (Some(server), Value::Object(more)) = (server.as_object_mut(), more) {
            server.remove("OS-EXT-SRV-ATTR:user_data");
            server.extend(more);
        }
        server.serialize(serializer)
    }
}

/// `rebuild`
pub async fn rebuild(asked: Asked) -> Result<Response, Fault> {
    let body: Rebuild = asked.read()?;
    let (cx, server) = (&asked.cx, &asked.server);
    let id = body.image.rsplit('/').next().and_then(|text| Uuid::parse_str(text).ok());
    let id = id.ok_or_else(|| Fault::bad_request("Invalid imageRef provided."))?;
    let states = &[VmState::Active, VmState::Stopped, VmState::Error];
    server.in_state("rebuild", states)?;
    let image = cx.service.images.image(&cx.caller, id).await.map_err(|error| match error {
        contracts::CallError::NotFound(_) => Fault::bad_request("Cannot find image for rebuild"),
        error => Fault::from(error),
    })?;
    if image.status != "active" {
        return Err(Fault::bad_request(format!("Image {id} is not active.")));
    }
    if server.image_id.is_none() {
        return Err(Fault::bad_request(
            "Unable to rebuild with a different image for a volume-backed server.",
        ));
    }
    fits(cx, Some(&image), &server.flavor, true)?;
    if let Some(new) = &body.metadata {
        let limits = quota::limits_of_owner(cx.service.db.read(), server).await?;
        metadata_fits(new.len(), &limits)?;
    }
    if let Patch::Set(text) = &body.user_data
        && BASE64_STANDARD.decode(text).is_err()
    {
        return Err(Fault::bad_request("User data needs to be valid base 64."));
    }
    if matches!(body.trusted_image_certificates, Patch::Set(_)) {
        return Err(NovaError::Invalid("Image signatures can not be checked by this cloud.".into()).into());
    }
    let key = match body.key_name.given() {
        Some(Some(name)) => {
            let own = cx.own_scope_for(asked.action.rule)?;
            let row = keypair::named(cx.service.db.read(), &own, &name).await?;
            let row = row.ok_or_else(|| Fault::bad_request("Invalid key_name provided."))?;
            Some((Some(row.name), Some(row.public_key)))
        }
        Some(None) => Some((None, None)),
        None => None,
    };
    let resume = (server.state() == VmState::Stopped).then(|| server.vm_state.clone());
    let details = TaskDetails { resume, ..TaskDetails::default() };
    let request = Request {
        task: Task::Rebuilding,
        action: "rebuild",
        states,
        over: &[],
        event: "compute.instance.rebuild.start",
    };
    asked
        .task_with(&request, |row| {
            row.task = Some(details);
            row.image_id = Some(image.id);
            row.image = Some(snapshot(&image));
            if let Some(name) = body.name {
                row.name = name;
            }
            if let Some(disk_config) = body.disk_config {
                row.disk_config = disk_config;
            }
            if let Some(given) = body.access_ip_v4 {
                row.access_ip_v4 = Some(address(given));
            }
            if let Some(given) = body.access_ip_v6 {
                row.access_ip_v6 = Some(address(given));
            }
            if let Some(hostname) = body.hostname {
                row.hostname = hostname;
            }
            if let Some(description) = body.description.given() {
                row.description = description;
            }
            if let Some(user_data) = body.user_data.given() {
                row.user_data = user_data;
            }
            if let Some(key) = key {
                (row.key_name, row.key_data) = key;
            }
            if let Some(files) = body.personality {
                let files = files.into_iter().map(|file| (file.path, file.contents)).collect();
                row.personality = Some(Strings(files));
            }
            if let Some(metadata) = body.metadata {
                row.metadata = Strings(metadata);
            }
        })
        .await?;
    let row = server::again(cx.service.db.read(), server).await?;
    let row = row.ok_or_else(|| NovaError::InstanceNotFound(server.id.to_string()))?;
    let around = Surroundings::read(cx, &[&row], true).await?;
    let admin_pass = body.admin_pass.unwrap_or_else(password);
    let answer = Answer {
        server: Rebuilt { server: view::changed(cx, &row, &around), row: &row, admin_pass: &admin_pass },
    };
    web::json(StatusCode::ACCEPTED, &At(&answer, cx.version))
}
