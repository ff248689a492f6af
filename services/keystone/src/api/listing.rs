//! Lists: exact filters, `name__contains` and its like, pages, links.

use axum::{body::Body, extract::FromRequestParts, response::Response};
use http::{HeaderValue, StatusCode, Uri, header, request::Parts};
use platform::{
    db::list::{Kind, ListSpec, Page, Paging, page_of},
    http::{Fault, Query},
    wire::{At, Version, View},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use serde::Serialize;

use super::Cx;

/// What a list is asked for.
pub(super) struct Listing {
    /// The query.
    pub(super) query: Query,
    uri: Uri,
}

impl<S: Send + Sync> FromRequestParts<S> for Listing {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self { query: Query::parse(parts.uri.query().unwrap_or_default()), uri: parts.uri.clone() })
    }
}

#[derive(Serialize)]
struct CollectionLinks {
    next: Option<String>,
    #[serde(rename = "self")]
    here: String,
    previous: Option<String>,
}

/// The link of a resource to itself.
#[derive(Debug, Serialize)]
pub(super) struct Links {
    #[serde(rename = "self")]
    pub(super) here: String,
}

impl Links {
    /// `/v3` and the path.
    pub(super) fn to(cx: &Cx, path: &str) -> Self {
        Self { here: cx.link(&format!("/v3/{path}")) }
    }
}

impl Listing {
    /// Whether a flag of the query is set: Keystone takes anything but a no for a yes.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.query.get(name).map(|text| {
            !matches!(text.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off" | "f" | "n")
        })
    }

    /// One page of what the query selects.
    pub(super) async fn page<E>(
        &self,
        cx: &Cx,
        select: Select<E>,
        spec: &ListSpec<E>,
    ) -> Result<Page<E::Model>, Fault>
    where
        E: EntityTrait,
        E::Model: Sync,
    {
        let mut paging = Paging::read(&self.query)?;
        paging.sort.clear();
        let most = cx.service.config.list_limit;
        if most > 0 {
            paging.limit = Some(paging.limit.unwrap_or(most).min(most));
        }
        page_of(cx.service.db.read(), self.filter(select, spec), spec, &paging).await
    }

    /// Adds the filters that the query names.
    pub(super) fn filter<E: EntityTrait>(&self, mut select: Select<E>, spec: &ListSpec<E>) -> Select<E> {
        for (name, column, kind) in spec.filters {
            if let Some(value) = self.query.get(name) {
                select = match kind {
                    Kind::Bool => select.filter(column.eq(self.flag(name).unwrap_or(true))),
                    _ => select.filter(column.eq(value)),
                };
            }
            for (asked, value) in &self.query.pairs {
                let Some(way) = asked.strip_prefix(name).and_then(|rest| rest.strip_prefix("__")) else {
                    continue;
                };
                select = match way {
                    "contains" | "icontains" => select.filter(column.contains(value)),
                    "startswith" | "istartswith" => select.filter(column.starts_with(value)),
                    "endswith" | "iendswith" => select.filter(column.ends_with(value)),
                    "iequals" => select.filter(column.like(value)),
                    _ => select,
                };
            }
        }
        select
    }

    /// `{"NAME": [...], "links": {...}}`. `last` is the id of the page's last resource where there is more behind it.
    pub(super) fn answer<V: View>(
        &self,
        cx: &Cx,
        name: &str,
        views: &[V],
        last: Option<&str>,
    ) -> Result<Response, Fault> {
        let body = self.body(cx, name, views, last)?;
        Ok(response(body))
    }

    /// The body of [`Self::answer`].
    pub(super) fn body<V: View>(
        &self,
        cx: &Cx,
        name: &str,
        views: &[V],
        last: Option<&str>,
    ) -> Result<bytes::Bytes, Fault> {
        struct Collection<'a, V>(&'a str, &'a [V], CollectionLinks);
        impl<V: View> Serialize for Collection<'_, V> {
            fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                use serde::ser::SerializeMap;
                struct All<'a, V>(&'a [V]);
                impl<V: View> Serialize for All<'_, V> {
                    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                        serializer.collect_seq(self.0.iter().map(|view| At(view, Version::new(0, 0))))
                    }
                }
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry(self.0, &All(self.1))?;
                map.serialize_entry("links", &self.2)?;
                map.end()
            }
        }
        let path = self.uri.path();
        let asked = self.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let links = CollectionLinks {
            next: last.map(|last| cx.link(&format!("{path}?{}", self.query.with("marker", last)))),
            here: cx.link(&format!("{path}{asked}")),
            previous: None,
        };
        Ok(serde_json::to_vec(&Collection(name, views, links))?.into())
    }

    /// The key under which the answer to this very query may be remembered.
    pub(super) fn key(&self, scope: &str) -> String {
        format!("{scope} {}", self.uri)
    }
}

/// 200 with JSON.
pub(super) fn response(body: bytes::Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// 204.
pub(super) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// The id behind which the next page begins.
pub(super) fn last<M>(page: &Page<M>, id: impl Fn(&M) -> &str) -> Option<&str> {
    page.items.last().filter(|_| page.more).map(id)
}
