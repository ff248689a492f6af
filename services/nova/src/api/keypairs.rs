//! `/os-keypairs`: they belong to users.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body, View,
    db::{list, opened, owned::Scope},
    http::{self as web, Cx, Fault, Query, Routes},
    wire::{At, Version},
};
use sea_orm::ConnectionTrait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::links::{self, Link};
use crate::{
    Nova,
    error::NovaError,
    keys,
    model::keypair::{self, New},
    quota,
    times::Micro,
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new()
        .get("/v2.1/os-keypairs", "os_compute_api:os-keypairs:index", index)
        .list(&keypair::LIST)
        .post("/v2.1/os-keypairs", "os_compute_api:os-keypairs:create", create)
        .get("/v2.1/os-keypairs/{name}", "os_compute_api:os-keypairs:show", show)
        .delete("/v2.1/os-keypairs/{name}", "os_compute_api:os-keypairs:delete", delete)
}

fn keypair_name(version: Version) -> Value {
    // From 2.92 also @ and dots.
    let allowed = if version >= Version::new(2, 92) { r"^[a-zA-Z0-9-_ @.]*$" } else { r"^[a-zA-Z0-9-_ ]*$" };
    json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": allowed})
}

#[derive(Deserialize, Body)]
#[body(wrap = "keypair")]
struct CreateKeypair {
    #[body(schema = keypair_name)]
    name: String,
    #[serde(default)]
    #[body(schema = public_key)]
    public_key: Option<String>,
    #[body(since = "2.2", one_of = ["ssh", "x509"])]
    r#type: Option<String>,
    #[body(since = "2.10", min = 1, max = 255, pattern = "^[a-zA-Z0-9-]*$")]
    user_id: Option<String>,
}

fn public_key(_: Version) -> Value {
    json!({"type": "string"})
}

#[derive(View)]
struct Shown<'a> {
    name: &'a str,
    public_key: &'a str,
    fingerprint: &'a str,
    user_id: &'a str,
    id: i64,
    created_at: Micro,
    updated_at: Option<Micro>,
    deleted_at: Option<Micro>,
    deleted: bool,
    #[view(since = "2.2")]
    r#type: &'a str,
}

#[derive(View)]
struct Made<'a> {
    name: &'a str,
    public_key: &'a str,
    fingerprint: &'a str,
    user_id: &'a str,
    #[view(skip_none)]
    private_key: Option<&'a str>,
    #[view(since = "2.2")]
    r#type: &'a str,
}

#[derive(View)]
struct Item<'a> {
    #[view(nested)]
    keypair: Listed<'a>,
}

#[derive(View)]
struct Listed<'a> {
    name: &'a str,
    public_key: &'a str,
    fingerprint: &'a str,
    #[view(since = "2.2")]
    r#type: &'a str,
}

#[derive(View)]
struct List<'a> {
    #[view(nested)]
    keypairs: Vec<Item<'a>>,
    #[view(since = "2.35", skip_none)]
    keypairs_links: Option<[Link; 1]>,
}

/// Whose keypairs are meant: an administrator may name a user from 2.10 on.
fn user<'a>(cx: &'a Cx<Nova>, named: Option<&'a str>) -> Result<(&'a str, Scope), Fault> {
    let user = named.filter(|_| cx.version >= Version::new(2, 10)).unwrap_or(&cx.caller.user.id);
    Ok((user, cx.scope_of_user(user)?))
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let (_, scope) = user(&cx, query.get("user_id"))?;
    // Paging came with 2.35.
    let paged = cx.version >= Version::new(2, 35);
    let asked = if paged { query.clone() } else { Query::default() };
    let page = list::page(cx.service.db.read(), keypair::visible(&scope), &keypair::LIST, &asked).await?;
    let keypairs = page
        .items
        .iter()
        .map(|row| Item {
            keypair: Listed {
                name: &row.name,
                public_key: &row.public_key,
                fingerprint: &row.fingerprint,
                r#type: &row.kind,
            },
        })
        .collect();
    let last = page.items.last().filter(|_| page.more);
    let next = last.map(|row| links::next(&cx, "os-keypairs", &query, &row.name));
    web::json(StatusCode::OK, &At(&List { keypairs, keypairs_links: next }, cx.version))
}

async fn create(cx: Cx<Nova>, web::Body(body): web::Body<CreateKeypair>) -> Result<Response, Fault> {
    let (user, scope) = user(&cx, body.user_id.as_deref())?;
    let name = body.name.trim();
    if name.is_empty() {
        return Err(Fault::bad_request(
            "Keypair data is invalid: Keypair name must be string and between 1 and 255 characters long",
        ));
    }
    let kind = body.r#type.as_deref().unwrap_or("ssh");
    let made = match (&body.public_key, kind) {
        (Some(key), "ssh") => keys::import_ssh(key).map(|fingerprint| (key.clone(), fingerprint, None)),
        (Some(key), _) => keys::import_x509(key).map(|fingerprint| (key.clone(), fingerprint, None)),
        (None, _) if cx.version >= Version::new(2, 92) => {
            return Err(Fault::bad_request(
                "Invalid input for field/attribute keypair. 'public_key' is a required property",
            ));
        }
        (None, "ssh") => keys::generate_ssh().map(|key| (key.public, key.fingerprint, Some(key.private))),
        (None, _) => keys::generate_x509(user).map(|key| (key.public, key.fingerprint, Some(key.private))),
    };
    let (public_key, fingerprint, private_key) =
        made.map_err(|reason| Fault::bad_request(format!("Keypair data is invalid: {reason}")))?;
    let mut tx = cx.service.db.write().await?;
    if keypair::named(&*tx, &scope, name).await?.is_some() {
        return Err(NovaError::Conflict(format!("Key pair '{name}' already exists.")).into());
    }
    let limits = quota::limits(&*tx, &cx.own_scope()?).await?;
    let limit = limits.get("key_pairs").copied().unwrap_or(-1);
    if limit >= 0 && keypair::count(&*tx, &scope).await? as i64 >= limit {
        return Err(NovaError::Forbidden("Quota exceeded, too many key pairs.".into()).into());
    }
    let new = New { user, name, kind, public_key: &public_key, fingerprint: &fingerprint };
    keypair::insert(&tx, &new).await?;
    tx.emit(cx.event("keypair.create.end", name));
    tx.commit().await?;
    let view = Made {
        name,
        public_key: &public_key,
        fingerprint: &fingerprint,
        user_id: user,
        private_key: private_key.as_deref(),
        r#type: kind,
    };
    let created = if cx.version >= Version::new(2, 2) { StatusCode::CREATED } else { StatusCode::OK };
    cx.answer(created, "keypair", &view)
}

/// A user's keypair of that name.
async fn found(
    db: &impl ConnectionTrait,
    (user, scope): (&str, Scope),
    name: String,
) -> Result<keypair::Model, Fault> {
    let row = keypair::named(db, &scope, &name).await?;
    Ok(row.ok_or_else(|| NovaError::KeypairNotFound { name, user: user.to_owned() })?)
}

async fn show(cx: Cx<Nova>, Path(name): Path<String>, query: Query) -> Result<Response, Fault> {
    let row = found(cx.service.db.read(), user(&cx, query.get("user_id"))?, name).await?;
    let view = Shown {
        name: &row.name,
        public_key: &row.public_key,
        fingerprint: &row.fingerprint,
        user_id: &row.user_id,
        id: row.id,
        created_at: Micro(row.created_at),
        updated_at: None,
        deleted_at: None,
        deleted: false,
        r#type: &row.kind,
    };
    cx.answer(StatusCode::OK, "keypair", &view)
}

async fn delete(cx: Cx<Nova>, Path(name): Path<String>, query: Query) -> Result<StatusCode, Fault> {
    let user = user(&cx, query.get("user_id"))?;
    let mut tx = cx.service.db.write().await?;
    let row = found(&*tx, user, name).await?;
    opened::delete(&tx, &row).await?;
    tx.emit(cx.event("keypair.delete.end", &row.name));
    tx.commit().await?;
    Ok(if cx.version >= Version::new(2, 2) { StatusCode::NO_CONTENT } else { StatusCode::ACCEPTED })
}
