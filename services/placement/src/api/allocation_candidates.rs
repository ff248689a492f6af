//! Allocation candidates.

use std::collections::BTreeSet;

use axum::response::Response;
use http::Method;
use platform::{
    http::{Cx, Fault, Query, Routes},
    wire::Version,
};
use serde_json::{Map, Value, json};

use super::fresh;
use crate::{
    Placement,
    candidates::{self, Summary, Way, request::Request},
    error::Error,
};

pub(super) fn routes() -> Routes<Placement> {
    Routes::new().versioned(
        Method::GET,
        "/allocation_candidates",
        "placement:allocation_candidates:list",
        Some((1, 10)),
        None,
        list,
    )
}

async fn list(cx: Cx<Placement>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    let request = Request::read(&query, cx.version)?;
    let most = cx.service.config.max_allocation_candidates;
    let found =
        candidates::find(cx.service.db.read(), &request, most).await.map_err(|error| match error {
            Error::NoClass(_) => {
                Error::Invalid(format!("Invalid resource class in resources parameter: {error}"))
            }
            error => error,
        })?;
    let asked: BTreeSet<&String> = request.groups.values().flat_map(|group| group.resources.keys()).collect();
    let ways: Vec<Value> = found.ways.into_iter().map(|way| way_view(way, cx.version)).collect();
    let summaries: Map<String, Value> = found
        .summaries
        .into_iter()
        .map(|summary| (summary.provider.id.to_string(), summary_view(summary, &asked, cx.version)))
        .collect();
    fresh::now(&cx, &json!({"allocation_requests": ways, "provider_summaries": summaries}))
}

fn way_view(way: Way, version: Version) -> Value {
    if version < Version::new(1, 12) {
        let list: Vec<Value> = way
            .allocations
            .into_iter()
            .map(|(id, resources)| json!({"resource_provider": {"uuid": id}, "resources": resources}))
            .collect();
        return json!({"allocations": list});
    }
    let allocations: Map<String, Value> = way
        .allocations
        .into_iter()
        .map(|(id, resources)| (id.to_string(), json!({"resources": resources})))
        .collect();
    let mut view = json!({"allocations": allocations});
    if version >= Version::new(1, 34) {
        view["mappings"] = json!(way.mappings);
    }
    view
}

fn summary_view(summary: Summary, asked: &BTreeSet<&String>, version: Version) -> Value {
    let since = |minor| version >= Version::new(1, minor);
    let resources: Map<String, Value> = summary
        .resources
        .into_iter()
        .filter(|(class, _)| since(27) || asked.contains(class))
        .map(|(class, (capacity, used))| (class, json!({"capacity": capacity, "used": used})))
        .collect();
    let mut view = json!({"resources": resources});
    if since(17) {
        view["traits"] = json!(summary.traits);
    }
    if since(29) {
        view["parent_provider_uuid"] = json!(summary.provider.parent);
        view["root_provider_uuid"] = json!(summary.provider.root);
    }
    view
}
