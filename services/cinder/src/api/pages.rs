//! Lists: the page, the link to the next one, the count.

use axum::response::Response;
use http::StatusCode;
use platform::{
    http::{Cx, Fault, Query, json},
    wire::{At, View},
};
use serde::Serialize;
use serde_json::{Value, json as literal};
use uuid::Uuid;

use crate::Cinder;

/// The link to the page behind that resource.
pub(crate) fn next(cx: &Cx<Cinder>, path: &str, query: &Query, last: Option<Uuid>) -> Option<Value> {
    let last = last?;
    let href = cx.link(&format!("{path}?{}", query.with("marker", &last.to_string())));
    Some(literal!([{"rel": "next", "href": href}]))
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
