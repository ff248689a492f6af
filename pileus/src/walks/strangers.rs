//! What belongs to one project is not there for another, or forbidden to it, as the service's manner is: whatever is
//! asked of it. And nothing has changed when all has been asked.

use http::{Method, StatusCode};
use platform::{
    http::{Foreign, Route},
    policy::Target,
    wire::Range,
};
use serde_json::{Value, json};

use super::{
    estate::Estate,
    house::{House, Part},
    samples,
};

/// Where another answer is right: service, method, path, statuses, why.
const OTHERWISE: &[(&str, Method, &str, &[u16], &str)] = &[
    ("/compute", Method::GET, "/v2.1/os-quota-sets/{project}", &[403], PROJECT),
    ("/compute", Method::GET, "/v2.1/os-quota-sets/{project}/detail", &[403], PROJECT),
    (
        "/compute",
        Method::GET,
        "/v2.1/os-quota-sets/{project}/defaults",
        &[200],
        "defaults are the same for all projects",
    ),
    ("/compute", Method::GET, "/v2.1/os-simple-tenant-usage/{project}", &[403], PROJECT),
    ("/volume", Method::GET, "/v3/os-quota-sets/{project}", &[403], PROJECT),
    ("/volume", Method::GET, "/v3/os-quota-sets/{project}/defaults", &[403], PROJECT),
    ("/volume", Method::POST, "/v3/volume-transfers/{id}/accept", &[400], OFFER),
    ("/volume", Method::POST, "/v3/os-volume-transfer/{id}/accept", &[400], OFFER),
];
const PROJECT: &str = "the path names a project, not something that may be there or not";
const OFFER: &str = "it is meant for another project: that knows the key, and this one does not";

/// The codes by which a stranger may be refused.
fn codes(estate: &Estate, part: &Part, route: &Route, rule: &str) -> Vec<u16> {
    let otherwise = OTHERWISE.iter().find(|(place, method, path, ..)| {
        *place == part.place && route.method == *method && route.path == *path
    });
    if let Some((.., codes, _)) = otherwise {
        return codes.to_vec();
    }
    let target = Target::project(estate.owner_as.project_id().unwrap_or_default())
        .with("user_id", estate.owner_as.user.id.as_str());
    match (part.scheme.foreign, part.policy.allows(rule, &estate.owner_as, &target)) {
        (Foreign::Forbidden, _) => vec![403],
        (Foreign::Hidden, true) => vec![404],
        // Who owns it may not do this either: that may be said first.
        (Foreign::Hidden, false) => vec![403, 404],
    }
}

struct Try<'a> {
    part: &'a Part,
    route: &'a Route,
    rule: &'a str,
    range: Range,
    body: Option<Value>,
}

async fn try_it(house: &House, estate: &Estate, it: Try<'_>) {
    let Try { part, route, rule, range, body } = it;
    let path = estate.path(part, route.path);
    let answer = house.ask(&estate.stranger, part, &route.method, &path, range, body.as_ref()).await;
    let codes = codes(estate, part, route, rule);
    if !codes.contains(&answer.status.as_u16()) {
        let said = String::from_utf8_lossy(&answer.bytes);
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        house.complain(format!(
            "{} {}{} {body} answers {} where {codes:?} was due: {}",
            route.method,
            part.place,
            route.path,
            answer.status.as_u16(),
            said.chars().take(160).collect::<String>()
        ));
    }
}

/// What the owner sees of everything that it has.
async fn seen(house: &House, estate: &Estate) -> Vec<(String, StatusCode, Value)> {
    let mut seen = Vec::new();
    for (part, route) in house.routes().filter(|(_, route)| route.method == Method::GET) {
        if estate.is_owned(part, route.path) && route.policy.is_some() {
            let path = estate.path(part, route.path);
            let answer = house.ask(&estate.owner, part, &Method::GET, &path, route.versions, None).await;
            seen.push((format!("{}{}", part.place, route.path), answer.status, answer.json));
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_refused_whatever_they_ask() {
    let house = House::open().await;
    let estate = Estate::build(&house).await;
    let before = seen(&house, &estate).await;
    let found = before.iter().filter(|(_, status, _)| status.is_success()).count();
    assert!(found > 70, "the owner finds only {found} of its own things");
    let mut asked = 0;
    for (part, route) in house.routes().filter(|(part, route)| estate.is_owned(part, route.path)) {
        let Some(rule) = route.policy else { continue };
        for action in &route.actions {
            let body = Some(json!({action.name: samples::action(&estate, action.name)}));
            try_it(&house, &estate, Try { part, route, rule: action.policy, range: action.versions, body })
                .await;
            asked += 1;
        }
        if route.actions.is_empty() {
            let body = samples::body(&estate, part, route);
            try_it(&house, &estate, Try { part, route, rule, range: route.versions, body }).await;
            asked += 1;
        }
    }
    for (before, after) in before.iter().zip(seen(&house, &estate).await) {
        if *before != after {
            house.complain(format!(
                "{} was {} {}, and is {} {}",
                before.0, before.1, before.2, after.1, after.2
            ));
        }
    }
    for (place, method, path, codes, why) in OTHERWISE {
        println!("{method} {place}{path} answers {codes:?}: {why}");
    }
    house.verdict();
    assert!(asked > 250, "only {asked} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_strangers_nothing_of_others() {
    let house = House::open().await;
    let estate = Estate::build(&house).await;
    for (part, route) in house.routes().filter(|(_, route)| route.method == Method::GET) {
        if route.path.contains('{') || route.policy.is_none() {
            continue;
        }
        let answer = house.ask(&estate.stranger, part, &Method::GET, route.path, route.versions, None).await;
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        for (place, name) in &estate.owned {
            let id = &estate.ids[&(*place, *name)];
            if id.len() > 8 && text.contains(id.as_str()) {
                house.complain(format!("GET {}{} shows {place} {name} {id}", part.place, route.path));
            }
        }
    }
    house.verdict();
}
