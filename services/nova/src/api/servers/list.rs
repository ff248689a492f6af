//! Lists of servers.

use axum::response::Response;
use http::StatusCode;
use platform::{
    View,
    db::{
        list::{Page, Paging},
        owned::Scope,
    },
    http::{self as web, Cx, Fault, Query},
    policy::Target,
    wire::{At, View},
};

use sea_orm::Order;

use super::{
    super::links::{self, Link},
    view::{self, ServerRef, ServerView, Surroundings},
};
use crate::{
    Nova,
    model::server::{self, Asking, Model},
};

/// A page of the caller's project; of all projects, where that is asked for and the rule `others` allows it.
async fn page(cx: &Cx<Nova>, query: &Query, others: &str) -> Result<Page<Model>, Fault> {
    let own = cx.own_scope()?;
    let mut paging = Paging::read(query)?;
    // Elsewhere 0 stands for the most that a page holds; here for none.
    if paging.limit == Some(0) {
        return Ok(Page { items: Vec::new(), more: false });
    }
    // Nova's default direction is descending.
    if query.all("sort_dir").next().is_none() {
        for (_, order) in &mut paging.sort {
            *order = Order::Desc;
        }
    }
    let scope = if all_tenants(query)? { everybody(cx, query, others)? } else { own };
    let all_filters = cx.may("os_compute_api:servers:allow_all_filters", &Target::none());
    let asking = Asking { version: cx.version, all_filters };
    server::page(cx.service.db.read(), &scope, query, paging, asking).await
}

/// Whether servers of all projects are asked for: the name alone says so, too.
fn all_tenants(query: &Query) -> Result<bool, Fault> {
    match query.get("all_tenants") {
        None => Ok(false),
        Some("") => Ok(true),
        Some(text) => query
            .flag("all_tenants")
            .map(|flag| flag == Some(true))
            .map_err(|_| Fault::bad_request(format!("Invalid value '{text}' for all_tenants."))),
    }
}

/// All projects, or one that is named.
fn everybody(cx: &Cx<Nova>, query: &Query, rule: &str) -> Result<Scope, Fault> {
    let all = cx.scope_of_all(rule)?;
    let project = query.get("project_id").or(query.get("tenant_id"));
    Ok(project.map_or(all.clone(), |project| all.narrowed(project)))
}

#[derive(View)]
struct Listed<V: View> {
    #[view(nested)]
    servers: Vec<V>,
    #[view(skip_none)]
    servers_links: Option<[Link; 1]>,
}

/// In the short form.
pub async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let page = page(&cx, &query, "os_compute_api:servers:index:get_all_tenants").await?;
    let servers: Vec<ServerRef<'_>> = page.items.iter().map(|row| ServerRef::new(&cx, row)).collect();
    let last = page.items.last().filter(|_| page.more);
    let servers_links = last.map(|row| links::next(&cx, "servers", &query, row.id));
    web::json(StatusCode::OK, &At(&Listed { servers, servers_links }, cx.version))
}

/// In the whole form.
pub async fn detail(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let page = page(&cx, &query, "os_compute_api:servers:detail:get_all_tenants").await?;
    let rows: Vec<&Model> = page.items.iter().collect();
    let around = Surroundings::read(&cx, &rows, false).await?;
    let servers: Vec<ServerView<'_>> = page.items.iter().map(|row| view::full(&cx, row, &around)).collect();
    let last = page.items.last().filter(|_| page.more);
    let servers_links = last.map(|row| links::next(&cx, "servers/detail", &query, row.id));
    web::json(StatusCode::OK, &At(&Listed { servers, servers_links }, cx.version))
}
