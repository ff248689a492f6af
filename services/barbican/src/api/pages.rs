//! Lists by `limit` and `offset`, with the number of all and links to the pages beside.

use axum::response::Response;
use http::StatusCode;
use platform::{
    db::list::{self, ListSpec, Paging},
    http::{Cx, Fault, Query, json},
    wire::{At, View},
};
use sea_orm::{EntityTrait, Order, QuerySelect, Select};
use serde_json::{Value, json as literal};

use crate::{Barbican, error::Error};

/// A page.
pub(super) struct Page<M> {
    pub rows: Vec<M>,
    total: u64,
    offset: u64,
    limit: u64,
}

/// Filters, sorts (`sort=created:desc,name`), and reads one page. A limit or an offset that is no number is none.
pub(super) async fn read<E>(
    cx: &Cx<Barbican>,
    select: Select<E>,
    spec: &ListSpec<E>,
    query: &Query,
) -> Result<Page<E::Model>, Fault>
where
    E: EntityTrait,
    E::Model: Sync,
{
    let number = |name| query.get(name).and_then(|text| text.parse::<i64>().ok());
    let config = &cx.service.config;
    let limit = number("limit").map_or(config.page, |limit| limit.max(1) as u64).min(config.max_page);
    let offset = number("offset").unwrap_or(0).max(0) as u64;
    let paging = Paging { limit: Some(limit), sort: sort(query)?, ..Default::default() };
    let db = cx.service.db.read();
    let select = list::filter(select, spec, query)?;
    let total = list::count(db, select.clone()).await?;
    let select = if offset > 0 { select.offset(offset) } else { select };
    let page = list::page_of(db, select, spec, &paging).await?;
    Ok(Page { rows: page.items, total, offset, limit })
}

fn sort(query: &Query) -> Result<Vec<(String, Order)>, Error> {
    let Some(text) = query.get("sort").filter(|text| !text.is_empty()) else { return Ok(Vec::new()) };
    let mut keys: Vec<(String, Order)> = Vec::new();
    for part in text.split(',') {
        let (key, order) = part.split_once(':').unwrap_or((part, "asc"));
        let order = match order {
            "asc" => Order::Asc,
            "desc" => Order::Desc,
            _ => return Err(BAD_QUERY),
        };
        if keys.iter().any(|(known, _)| known == key) {
            return Err(BAD_QUERY);
        }
        keys.push((key.to_owned(), order));
    }
    Ok(keys)
}

const BAD_QUERY: Error = Error::BadRequest("URI provided invalid query string parameters.");

impl<M> Page<M> {
    /// Answers the page of that path, under the path's last word.
    pub(super) fn answer<V: View>(
        &self,
        cx: &Cx<Barbican>,
        path: &str,
        query: &Query,
        views: &Vec<V>,
    ) -> Result<Response, Fault> {
        let link = |offset: u64| {
            let rest = query.pairs.iter().filter(|(name, _)| !["limit", "offset"].contains(&name.as_str()));
            let rest = Query { pairs: rest.cloned().collect() };
            let limit = self.limit.to_string();
            let rest = Query::parse(&rest.with("limit", &limit)).with("offset", &offset.to_string());
            cx.link(&format!("/v1/{path}?{rest}"))
        };
        let name = path.rsplit('/').next().unwrap_or(path);
        let mut body: Value = literal!({name: At(views, cx.version), "total": self.total});
        if self.offset > 0 && !self.rows.is_empty() {
            body["previous"] = link(self.offset.saturating_sub(self.limit)).into();
        }
        if self.total > self.offset + self.limit {
            body["next"] = link(self.offset + self.limit).into();
        }
        json(StatusCode::OK, &body)
    }
}
