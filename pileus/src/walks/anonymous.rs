//! Without a token, or with one that is none, every route that has a rule answers 401: not 404, not 405, and never 500.

use http::{Method, StatusCode};
use serde_json::json;

use super::house::{House, fill};

#[tokio::test(flavor = "multi_thread")]
async fn every_route_with_a_rule_refuses_who_has_no_token() {
    let house = House::open().await;
    let mut asked = 0;
    for (part, route) in house.routes().filter(|(_, route)| route.policy.is_some()) {
        let path = fill(route.path, |_| None);
        let body = [Method::POST, Method::PUT, Method::PATCH].contains(&route.method).then(|| json!({}));
        for token in ["", "gAAAAABnone"] {
            let answer = house.ask(token, part, &route.method, &path, route.versions, body.as_ref()).await;
            asked += 1;
            if answer.status != StatusCode::UNAUTHORIZED {
                house.complain(format!("{} {}{path} answers {}", route.method, part.place, answer.status));
            }
            if !answer.headers.contains_key("www-authenticate") {
                house.complain(format!("{} {}{path} does not say where to log in", route.method, part.place));
            }
        }
    }
    assert!(asked > 1000, "only {asked} requests: are the tables of routes whole?");
    house.verdict();
}
