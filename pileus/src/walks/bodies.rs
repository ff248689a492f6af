//! A body that is not what a route takes is refused with 400: torn JSON, JSON of another kind, and members of other
//! types. Never with 500.

use http::{Method, StatusCode};
use platform::http::Route;
use serde_json::{Value, json};

use super::{
    estate::Estate,
    house::{House, Part},
    samples,
};

/// Routes whose bodies are not JSON, or that take none: service, method, end of the path, why.
const NO_BODY: &[(&str, Method, &str, &str)] = &[
    ("/identity", Method::PUT, "/roles/{role_id}", NAMED),
    ("/identity", Method::PUT, "/inherited_to_projects", NAMED),
    ("/identity", Method::PUT, "/implies/{implied_role_id}", NAMED),
    ("/identity", Method::PUT, "/groups/{group_id}/users/{user_id}", NAMED),
    ("/identity", Method::PUT, "/endpoint_groups/{endpoint_group_id}/projects/{project_id}", NAMED),
    ("/identity", Method::PUT, "/projects/{project_id}/endpoints/{endpoint_id}", NAMED),
    ("/identity", Method::PUT, "/tags/{value}", NAMED),
    ("/image", Method::PUT, "/file", "it takes an image's content"),
    ("/image", Method::PUT, "/stage", "it takes an image's content"),
    ("/image", Method::PUT, "/tags/{tag}", NAMED),
    ("/image", Method::POST, "/namespaces/{namespace}/tags/{tag}", NAMED),
    ("/image", Method::POST, "/actions/deactivate", NAMED),
    ("/image", Method::POST, "/actions/reactivate", NAMED),
    ("/placement", Method::PUT, "/resource_classes/{name}", NAMED),
    ("/placement", Method::PUT, "/traits/{name}", NAMED),
    ("/compute", Method::PUT, "/tags/{tag}", NAMED),
    ("/key-manager", Method::PUT, "/secrets/{id}", "it takes a secret's payload"),
    ("/networking", Method::PUT, "/tags/{tag}", NAMED),
];
const NAMED: &str = "the path says everything: there is no body";

/// Where a body of another kind is refused otherwise: service, method, path, statuses, why.
const OTHERWISE: &[(&str, Method, &str, &[u16], &str)] = &[];

fn takes_json(part: &Part, route: &Route) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(&route.method)
        && !NO_BODY.iter().any(|(place, method, end, _)| {
            *place == part.place && *method == route.method && route.path.ends_with(end)
        })
}

fn due(part: &Part, route: &Route) -> &'static [u16] {
    let otherwise = OTHERWISE.iter().find(|(place, method, path, ..)| {
        *place == part.place && route.method == *method && route.path == *path
    });
    otherwise.map_or(&[400], |(.., codes, _)| codes)
}

fn kind(part: &Part, route: &Route) -> &'static str {
    match (part.place, &route.method) {
        ("/image", &Method::PATCH) => "application/openstack-images-v2.1-json-patch",
        _ => "application/json",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_object_of_json_is_refused() {
    let house = House::open().await;
    let estate = Estate::build(&house).await;
    let mut asked = 0;
    for (part, route) in house.routes().filter(|(part, route)| takes_json(part, route)) {
        let path = estate.path(part, route.path);
        for text in ["{\"torn\": ", "\"text\"", "[1, \"x\"]", "12", "null", "\u{fffd}", "{\"a\": 1, \"a\""] {
            let body = Some((kind(part, route), text.as_bytes().to_vec()));
            let answer =
                house.ask_bytes(&estate.admin, part, &route.method, &path, route.versions, body).await;
            asked += 1;
            if !due(part, route).contains(&answer.status.as_u16()) {
                let said: String = String::from_utf8_lossy(&answer.bytes).chars().take(120).collect();
                house.complain(format!(
                    "{} {}{} {text:?}: {} {said}",
                    route.method,
                    part.place,
                    route.path,
                    answer.status.as_u16()
                ));
            }
        }
    }
    for (place, method, path, why) in NO_BODY {
        println!("{method} {place}..{path}: {why}");
    }
    house.verdict();
    assert!(asked > 500, "only {asked} requests");
}

/// What may stand where something else should.
fn wrong_values() -> [Value; 9] {
    let long = "x".repeat(70_000);
    [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5e300),
        json!("\u{0}"),
        json!(long),
        json!([]),
        json!([{"x": [null]}]),
        json!({"x": {"y": "z"}}),
    ]
}

/// The body with one member after the other given something else, two levels deep.
fn spoilt(body: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    let mut pointers = vec![String::new()];
    let names = |value: &Value| {
        value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    for outer in names(body) {
        let outer_at = format!("/{}", outer.replace('~', "~0").replace('/', "~1"));
        for inner in names(&body[&outer]) {
            pointers.push(format!("{outer_at}/{}", inner.replace('~', "~0").replace('/', "~1")));
        }
        pointers.push(outer_at);
    }
    for pointer in pointers.iter().skip(1) {
        for wrong in wrong_values() {
            let mut body = body.clone();
            if let Some(place) = body.pointer_mut(pointer) {
                *place = wrong;
                all.push(body);
            }
        }
    }
    let mut more = body.clone();
    if let Some(map) = more.as_object_mut() {
        map.insert("walk".into(), json!({"x": 1}));
        all.push(more);
    }
    all.push(json!({}));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_the_wrong_type_never_break_anything() {
    let house = House::open().await;
    let estate = Estate::build(&house).await;
    let mut asked = 0;
    for (part, route) in house.routes().filter(|(part, route)| takes_json(part, route)) {
        let path = estate.path(part, route.path);
        let actions = route
            .actions
            .iter()
            .map(|action| (action.versions, json!({action.name: samples::action(&estate, action.name)})));
        let bodies: Vec<_> = samples::body(&estate, part, route)
            .map(|body| (route.versions, body))
            .into_iter()
            .chain(actions)
            .collect();
        for (range, body) in bodies {
            for body in spoilt(&body) {
                let bytes = Some((kind(part, route), body.to_string().into_bytes()));
                // Faults are looked at by the house: here it is enough to ask.
                let answer = house.ask_bytes(&estate.admin, part, &route.method, &path, range, bytes).await;
                asked += 1;
                if answer.status == StatusCode::METHOD_NOT_ALLOWED {
                    house.complain(format!("{} {}{path} is no route", route.method, part.place));
                }
            }
        }
    }
    house.verdict();
    assert!(asked > 4000, "only {asked} requests");
}
