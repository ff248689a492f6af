//! `/images`: Glance's, as Nova's API showed them until 2.35.

use axum::{extract::Path, response::Response};
use contracts::{
    CallError,
    image_proxy::{DatedImage, ImageFilter},
};
use http::{Method, StatusCode};
use platform::http::{Cx, Fault, Query, Routes, json};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{links, security_groups::UNTIL};
use crate::{
    Nova,
    times::{self, Iso},
};

/// Glance's own policy decides.
pub const POLICY: &str = "os_compute_api:images";

/// Routes.
pub fn routes() -> Routes<Nova> {
    let one = "/v2.1/images/{id}";
    Routes::new()
        .versioned(Method::GET, "/v2.1/images", POLICY, None, UNTIL, index)
        .versioned(Method::GET, "/v2.1/images/detail", POLICY, None, UNTIL, detail)
        .versioned(Method::GET, one, POLICY, None, UNTIL, show)
        .versioned(Method::DELETE, one, POLICY, None, UNTIL, delete)
}

/// What is not there, or not for the caller.
pub fn refused(error: CallError) -> Fault {
    match error {
        CallError::NotFound(_) => Fault::not_found("Image not found."),
        error => error.into(),
    }
}

/// The id of a path.
pub fn id_of(text: &str) -> Result<Uuid, Fault> {
    text.parse().map_err(|_| Fault::not_found("Image not found."))
}

fn links_of(cx: &Cx<Nova>, id: Uuid) -> Value {
    let mut list: Vec<Value> = links::links(cx, "images", id).iter().map(|link| json!(link)).collect();
    let compute = cx.link("");
    let image =
        compute.strip_suffix("/compute").map_or_else(|| compute.clone(), |root| format!("{root}/image"));
    list.push(json!({
        "rel": "alternate", "type": "application/vnd.openstack.image", "href": format!("{image}/images/{id}"),
    }));
    json!(list)
}

fn short(cx: &Cx<Nova>, image: &DatedImage) -> Value {
    json!({"id": image.image.id, "name": image.image.name, "links": links_of(cx, image.image.id)})
}

fn view(cx: &Cx<Nova>, dated: &DatedImage) -> Value {
    let image = &dated.image;
    let (status, progress) = match image.status.as_str() {
        "active" => ("ACTIVE", 100),
        "queued" => ("SAVING", 25),
        "saving" => ("SAVING", 50),
        "deleted" | "pending_delete" => ("DELETED", 0),
        "killed" => ("ERROR", 0),
        _ => ("UNKNOWN", 0),
    };
    let mut view = json!({
        "id": image.id, "name": image.name, "minRam": image.min_ram, "minDisk": image.min_disk,
        "metadata": image.properties, "created": Iso(dated.created_at), "updated": Iso(dated.updated_at),
        "status": status, "progress": progress, "OS-EXT-IMG-SIZE:size": image.size,
        "links": links_of(cx, image.id),
    });
    if let Some(server) = image.properties.get("instance_uuid") {
        view["server"] = json!({"id": server, "links": links::links(cx, "servers", server)});
    }
    if let Some(auto) = image.properties.get("auto_disk_config") {
        let auto = ["1", "t", "true", "on", "y", "yes"].contains(&auto.to_ascii_lowercase().as_str());
        view["OS-DCF:diskConfig"] = json!(if auto { "AUTO" } else { "MANUAL" });
    }
    view
}

fn filter(query: &Query) -> Result<ImageFilter, Fault> {
    let mut filter = ImageFilter {
        limit: query.read("limit")?,
        min_ram: query.read("minRam")?,
        min_disk: query.read("minDisk")?,
        ..ImageFilter::default()
    };
    let marker = |text: &str| Fault::bad_request(format!("marker [{text}] not found"));
    filter.marker = query.get("marker").map(|text| text.parse().map_err(|_| marker(text))).transpose()?;
    let time = |text: &str| {
        times::parse(text)
            .ok_or_else(|| Fault::bad_request("Invalid changes-since: it is no ISO 8601 date and time."))
    };
    filter.changes_since = query.get("changes-since").map(time).transpose()?;
    filter.name = query.get("name").map(str::to_owned);
    filter.status = query.get("status").map(str::to_ascii_lowercase);
    for (name, value) in &query.pairs {
        let property = match name.as_str() {
            // A server may be said by its address.
            "server" => ("instance_uuid", value.rsplit('/').next().unwrap_or_default()),
            "type" => ("image_type", value.as_str()),
            other => match other.strip_prefix("property-") {
                Some(property) => (property, value.as_str()),
                None => continue,
            },
        };
        filter.properties.insert(property.0.to_owned(), property.1.to_owned());
    }
    Ok(filter)
}

async fn list(
    cx: &Cx<Nova>,
    query: &Query,
    path: &str,
    view: impl Fn(&Cx<Nova>, &DatedImage) -> Value,
) -> Result<Response, Fault> {
    cx.allow()?;
    let filter = filter(query)?;
    let limit = filter.limit;
    let images = cx.service.image_proxy.images(&cx.caller, filter).await?;
    let shown: Vec<Value> = images.iter().map(|image| view(cx, image)).collect();
    let mut body = json!({"images": shown});
    if let (Some(limit), Some(last)) = (limit, images.last())
        && images.len() as u64 >= limit
    {
        body["images_links"] = json!(links::next(cx, path, query, last.image.id));
    }
    json(StatusCode::OK, &body)
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    list(&cx, &query, "images", short).await
}

async fn detail(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    list(&cx, &query, "images/detail", view).await
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let image = cx.service.image_proxy.dated_image(&cx.caller, id_of(&id)?).await.map_err(refused)?;
    json(StatusCode::OK, &json!({"image": view(&cx, &image)}))
}

async fn delete(cx: Cx<Nova>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    cx.allow()?;
    let deleted = cx.service.images.delete(&cx.caller, id_of(&id)?).await;
    deleted.map_err(|error| match error {
        CallError::Forbidden(_) => Fault::forbidden("You are not allowed to delete the image."),
        error => refused(error),
    })?;
    Ok(StatusCode::NO_CONTENT)
}
