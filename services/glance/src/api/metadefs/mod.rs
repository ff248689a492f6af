//! Metadata definitions: what properties of images, flavors and volumes may be called and hold. For user interfaces.

mod given;
mod namespaces;
mod objects;
mod properties;
mod resource_types;
pub(super) mod schemas;
mod tags;

use platform::http::{Cx, Fault, Routes};
use sea_orm::ConnectionTrait;
use serde_json::{Map, Value};

use crate::{
    Glance,
    image::view::time,
    model::{
        definition,
        namespace::{self, Model},
    },
};

pub(super) fn routes() -> Routes<Glance> {
    Routes::new()
        .merge(namespaces::routes())
        .merge(objects::routes())
        .merge(properties::routes())
        .merge(tags::routes())
        .merge(resource_types::routes())
}

/// The namespace that a path names, if the caller may do to it what the route does.
async fn found(cx: &Cx<Glance>, db: &impl ConnectionTrait, name: &str) -> Result<Model, Fault> {
    Ok(cx.open(namespace::find(db, name).await?)?)
}

/// What there is no definition of.
fn missing(kind: &str, name: &str, namespace: &str) -> Fault {
    let name: String = name.chars().take(80).collect();
    Fault::not_found(format!(
        "The metadata definition {kind} with name={name} was not found in namespace={namespace}."
    ))
}

fn taken(kind: &str, name: &str, namespace: &str) -> Fault {
    Fault::conflict(format!(
        "A metadata definition {kind} with name={name} already exists in namespace={namespace}."
    ))
}

/// The body of a definition, with its name and times.
fn dated(row: &definition::Model) -> Map<String, Value> {
    let mut view = row.body.as_object().cloned().unwrap_or_default();
    view.insert("name".into(), row.name.clone().into());
    view.insert("created_at".into(), time(row.created_at).into());
    view.insert("updated_at".into(), time(row.updated_at).into());
    view
}
