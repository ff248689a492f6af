//! Lists: the page, the link to the next one, the count.

use std::str::FromStr;

use axum::response::Response;
use http::StatusCode;
use platform::{
    db::list::{self, Kind, ListSpec, Paging},
    http::{Cx, Fault, Query, json},
    wire::{At, Version, View},
};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, Order, QueryFilter, QuerySelect, Select, sea_query::LikeExpr,
};
use serde::Serialize;
use serde_json::{Value, json as literal};
use uuid::Uuid;

use crate::Cinder;

/// What was read for a list.
pub(crate) struct Listed<M> {
    pub rows: Vec<M>,
    /// How many there are without paging, from 3.45 on and where that is asked for.
    pub count: Option<u64>,
    /// Whether the page is full, so that there may be another.
    full: bool,
}

/// Reads a page as Cinder's lists go: newest first, keys without a direction descending, `limit=0` holds nothing, an
/// unknown marker is not found.
pub(crate) async fn read<E>(
    cx: &Cx<Cinder>,
    select: Select<E>,
    spec: &ListSpec<E>,
    query: &Query,
) -> Result<Listed<E::Model>, Fault>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Sync + Send,
{
    let db = cx.service.db.read();
    check(cx, spec, query)?;
    let mut paging = Paging::read(query)?;
    if query.get("sort_dir").is_none() && query.get("sort").is_none() {
        for (_, order) in &mut paging.sort {
            *order = Order::Desc;
        }
    }
    let seen = select.clone();
    let mut select = list::filter(select, spec, query)?;
    if cx.version >= Version::new(3, 34) {
        select = alike(select, spec, query);
    }
    let count = match cx.version >= Version::new(3, 45) && query.flag("with_count")?.unwrap_or(false) {
        true => Some(list::count(db, select.clone()).await?),
        false => None,
    };
    if paging.limit == Some(0) {
        return Ok(Listed { rows: Vec::new(), count, full: false });
    }
    if let Some(marker) = &paging.marker {
        let known = match Uuid::from_str(marker) {
            Ok(id) => list::count(db, seen.filter(spec.id.eq(id))).await? > 0,
            Err(_) => false,
        };
        if !known {
            let marker: String = marker.chars().take(64).collect();
            return Err(Fault::not_found(format!("marker [{marker}] could not be found.")));
        }
    }
    if let Some(offset) = query.read::<u32>("offset")? {
        select = select.offset(u64::from(offset));
        // An offset needs a limit beside it on every database.
        paging.limit = paging.limit.or(Some(u64::from(u32::MAX)));
    }
    let rows = list::page_of(db, select, spec, &paging).await?.items;
    let most = match (paging.limit, spec.max_limit) {
        (Some(limit), Some(max)) => Some(limit.min(max)),
        (limit, max) => limit.or(max),
    };
    let full = most.is_some_and(|most| rows.len() as u64 >= most);
    Ok(Listed { rows, count, full })
}

/// What lists take besides filters, and filters that are no column.
const BESIDES: [&str; 14] = [
    "limit",
    "marker",
    "offset",
    "sort",
    "sort_key",
    "sort_dir",
    "all_tenants",
    "with_count",
    "metadata",
    "bootable",
    "is_public",
    "use_quota",
    "created_at",
    "updated_at",
];

/// Refuses what no list knows: directions that are none, and from 3.31 on filters that are none, except of administrators.
fn check<E: EntityTrait>(cx: &Cx<Cinder>, spec: &ListSpec<E>, query: &Query) -> Result<(), Fault> {
    if query.get("sort").is_some() && (query.get("sort_key").is_some() || query.get("sort_dir").is_some()) {
        return Err(Fault::bad_request(
            "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter.",
        ));
    }
    if query.all("sort_dir").any(|text| !["asc", "desc"].contains(&text)) {
        return Err(Fault::bad_request(
            "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.",
        ));
    }
    if cx.version < Version::new(3, 31) || cx.is_admin() {
        return Ok(());
    }
    let known = |name: &str| {
        let name = name.strip_suffix('~').unwrap_or(name);
        BESIDES.contains(&name) || spec.filters.iter().any(|(filter, _, _)| *filter == name)
    };
    let unknown: Vec<&str> =
        query.pairs.iter().map(|(name, _)| name.as_str()).filter(|name| !known(name)).take(9).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let shown: String = unknown.join(",").chars().take(200).collect();
    Err(Fault::bad_request(format!("Invalid filters {shown} are found in query options.")))
}

/// `name~=part`, from 3.34 on.
fn alike<E: EntityTrait>(mut select: Select<E>, spec: &ListSpec<E>, query: &Query) -> Select<E> {
    for (name, column, kind) in spec.filters {
        if let (Kind::Text, Some(part)) = (kind, query.get(&format!("{name}~"))) {
            let literal: String = part
                .chars()
                .flat_map(|c| ['%', '_', '!'].contains(&c).then_some('!').into_iter().chain([c]))
                .collect();
            select = select.filter(column.like(LikeExpr::new(format!("%{literal}%")).escape('!')));
        }
    }
    select
}

impl<M> Listed<M> {
    /// The link to the page behind this one.
    pub(crate) fn next(
        &self,
        cx: &Cx<Cinder>,
        path: &str,
        query: &Query,
        id: impl Fn(&M) -> Uuid,
    ) -> Option<Value> {
        let last = self.rows.last().filter(|_| self.full)?;
        let href = format!("{}?{}", address(cx, path), query.with("marker", &id(last).to_string()));
        Some(literal!([{"rel": "next", "href": href}]))
    }
}

/// The address of a path as Cinder writes it: with the project, where the token is for one.
pub(crate) fn address(cx: &Cx<Cinder>, path: &str) -> String {
    match cx.caller.project_id() {
        Some(project) => cx.link(&format!("/v3/{project}{path}")),
        None => cx.link(&format!("/v3{path}")),
    }
}

/// A link to a resource.
#[derive(Debug, Serialize)]
pub(crate) struct Link {
    rel: &'static str,
    href: String,
}

/// The links of a resource: with its version, and without.
pub(crate) fn links(cx: &Cx<Cinder>, path: &str) -> Vec<Link> {
    let bookmark = match cx.caller.project_id() {
        Some(project) => cx.link(&format!("/{project}{path}")),
        None => cx.link(path),
    };
    vec![Link { rel: "self", href: address(cx, path) }, Link { rel: "bookmark", href: bookmark }]
}

/// `{"things": [...], "things_links": [...], "count": n}`
pub(crate) fn answer<V: View>(
    cx: &Cx<Cinder>,
    name: &str,
    views: &Vec<V>,
    links: Option<Value>,
    count: Option<u64>,
) -> Result<Response, Fault> {
    struct Page<'a, V: View>(&'a Cx<Cinder>, &'a str, &'a Vec<V>, Option<Value>, Option<u64>);
    impl<V: View> Serialize for Page<'_, V> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeMap;
            let mut map = serializer.serialize_map(None)?;
            map.serialize_entry(self.1, &At(self.2, self.0.version))?;
            if let Some(links) = &self.3 {
                map.serialize_entry(&format!("{}_links", self.1), links)?;
            }
            if let Some(count) = self.4 {
                map.serialize_entry("count", &count)?;
            }
            map.end()
        }
    }
    json(StatusCode::OK, &Page(cx, name, views, links, count))
}
