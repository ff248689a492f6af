//! Answers: a resource as it is shown, and lists of them.

use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use platform::{
    db::list::Paging,
    http::{Cx, Query, json},
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Neutron, error::Error};

/// What handlers answer.
pub(crate) type Answer = Result<Response, Error>;

/// A resource as it is shown: names with values, in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown(Vec<(&'static str, Value)>);

impl Shown {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(32))
    }

    /// Adds an attribute.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// Adds a structure.
    pub(crate) fn json(self, name: &'static str, value: &impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or_default();
        self.with(name, value)
    }

    /// Adds what every resource has.
    pub(crate) fn standard(
        self,
        id: Uuid,
        project: &str,
        description: &str,
        (created, updated, revision): (DateTime<Utc>, DateTime<Utc>, i64),
    ) -> Self {
        self.with("id", id.to_string())
            .with("tenant_id", project)
            .with("project_id", project)
            .with("description", description)
            .with("created_at", time(created))
            .with("updated_at", time(updated))
            .with("revision_number", revision)
    }

    pub(crate) fn tags(self, tags: Vec<String>) -> Self {
        self.with("tags", tags)
    }

    /// Keeps only the fields that the query names, if it names any.
    pub(crate) fn only(mut self, query: &Query) -> Self {
        let mut fields = query.all("fields").filter(|field| !field.is_empty()).peekable();
        if fields.peek().is_some() {
            let fields: Vec<&str> = fields.collect();
            self.0.retain(|(name, _)| fields.contains(name));
        }
        self
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A time as Neutron writes it.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `{"name": ...}`
pub(crate) fn wrapped(status: StatusCode, name: &str, value: &impl Serialize) -> Answer {
    struct Wrapped<'a, T>(&'a str, &'a T);
    impl<T: Serialize> Serialize for Wrapped<'_, T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(self.0, self.1)])
        }
    }
    Ok(json(status, &Wrapped(name, value))?)
}

/// What was made: one under its name, or all under the plural.
pub(crate) fn made(bulk: bool, singular: &str, plural: &str, mut shown: Vec<Shown>) -> Answer {
    match (bulk, shown.pop()) {
        (false, Some(one)) => wrapped(StatusCode::CREATED, singular, &one),
        (_, last) => {
            shown.extend(last);
            wrapped(StatusCode::CREATED, plural, &shown)
        }
    }
}

/// A page under the plural, with links to its neighbours.
pub(crate) fn listed(
    cx: &Cx<Neutron>,
    plural: &'static str,
    query: &Query,
    ids: &[Uuid],
    shown: Vec<Shown>,
) -> Answer {
    let shown: Vec<Shown> = shown.into_iter().map(|one| one.only(query)).collect();
    let paging = Paging::read(query)?;
    let mut links: Vec<Value> = Vec::new();
    if let Some(limit) = paging.limit.filter(|limit| *limit > 0) {
        let full = ids.len() as u64 >= limit;
        let path = cx.link(&format!("/v2.0/{}", plural.replace('_', "-")));
        let mut link = |rel: &str, marker: Option<&Uuid>, reverse: bool| {
            let mut pairs: Vec<(String, String)> = query
                .pairs
                .iter()
                .filter(|(name, _)| !["marker", "page_reverse"].contains(&name.as_str()))
                .cloned()
                .collect();
            pairs.extend(marker.map(|id| ("marker".to_owned(), id.to_string())));
            if reverse {
                pairs.push(("page_reverse".to_owned(), "True".to_owned()));
            }
            let text = Query { pairs }.text();
            links.push(json!({"rel": rel, "href": format!("{path}?{text}")}));
        };
        if full || paging.reverse {
            link("next", ids.last(), false);
        }
        if full || !paging.reverse {
            link("previous", ids.first(), true);
        }
    }
    struct List<'a>(&'a str, &'a [Shown], &'a [Value]);
    impl Serialize for List<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            map.serialize_entry(self.0, self.1)?;
            if !self.2.is_empty() {
                map.serialize_entry(&format!("{}_links", self.0), self.2)?;
            }
            map.end()
        }
    }
    Ok(json(StatusCode::OK, &List(plural, &shown, &links))?)
}

/// A query as text.
trait AsText {
    fn text(&self) -> String;
}

impl AsText for Query {
    fn text(&self) -> String {
        let mut out = String::new();
        for (name, value) in &self.pairs {
            if !out.is_empty() {
                out.push('&');
            }
            out.push_str(&escaped(name));
            out.push('=');
            out.push_str(&escaped(value));
        }
        out
    }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => (byte as char).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
