//! Every route, and every action that a body may name, has a rule that its service declares.

use std::collections::{BTreeMap, HashSet};

use http::{Method, StatusCode};

use super::house::House;

/// Routes without a rule, besides documents of versions: service, method, path, why.
const OPEN: &[(&str, Method, &str, &str)] = &[
    ("/identity", Method::POST, "/v3/auth/tokens", "who asks for a token has none"),
    ("/identity", Method::POST, "/v3/users/{user_id}/password", "the old password proves who asks"),
    ("/volume", Method::GET, "/malformed-request-url", "it refuses whoever is sent there"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_has_a_rule_that_is_declared() {
    let house = House::open().await;
    let mut open: HashSet<(&str, Method, &str)> =
        OPEN.iter().map(|(place, method, path, _)| (*place, method.clone(), *path)).collect();
    for part in &house.parts {
        let rules: BTreeMap<&str, &str> = part.policy.declared().map(|rule| (rule.name, rule.doc)).collect();
        for (name, doc) in &rules {
            if doc.trim().is_empty() {
                house.complain(format!("{}: the rule {name} does not say what it is for", part.place));
            }
        }
        for route in &part.routes {
            let known = open.remove(&(part.place, route.method.clone(), route.path));
            let name = format!("{} {}{}", route.method, part.place, route.path);
            match route.policy {
                None if !known && !route.document => {
                    house.complain(format!("{name} is open, and nothing says why"))
                }
                Some(_) if known => house.complain(format!("{name} is listed as open, and has a rule")),
                _ => {}
            }
            let actions = route.actions.iter().map(|action| action.policy);
            for rule in route.policy.into_iter().chain(actions).filter(|rule| !rules.contains_key(rule)) {
                house.complain(format!("{name}: no rule {rule} is declared"));
            }
        }
    }
    for (place, method, path) in open {
        house.complain(format!("{method} {place}{path} is listed as open, and is no route"));
    }
    for (place, method, path, why) in OPEN {
        println!("open: {method} {place}{path}: {why}");
    }
    house.verdict();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_shows_its_versions_to_everybody() {
    let house = House::open().await;
    for part in &house.parts {
        let documents: Vec<_> = part.routes.iter().filter(|route| route.document).collect();
        if !documents.iter().any(|route| route.path == "/") {
            house.complain(format!("{} has no document at its root", part.place));
        }
        for route in documents {
            let answer = house.ask("", part, &route.method, route.path, route.versions, None).await;
            if ![StatusCode::OK, StatusCode::MULTIPLE_CHOICES].contains(&answer.status) {
                house.complain(format!("{}{} answers {}", part.place, route.path, answer.status));
            }
        }
    }
    house.verdict();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_is_declared_twice() {
    let house = House::open().await;
    let mut seen = HashSet::new();
    for (part, route) in house.routes() {
        if !seen.insert((part.place, route.method.clone(), route.path)) {
            house.complain(format!("{} {}{} is there twice", route.method, part.place, route.path));
        }
    }
    house.verdict();
}
