//! Walks over all routes.

use platform::policy::Policy;
use serde_json::json;

use super::cloud::Cloud;
use crate::api;

/// A path with something in place of its parameters.
fn concrete(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_route_has_a_rule_that_is_declared() {
    let policy = Policy::new(crate::policy::RULES);
    let declared: Vec<&str> = policy.declared().map(|rule| rule.name).collect();
    for route in api::routes().table() {
        if let Some(rule) = route.policy {
            assert!(declared.contains(&rule), "{} {} {rule}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn every_route_with_a_rule_refuses_who_has_no_token() {
    let cloud = Cloud::new().await;
    let strangers = [cloud.client.clone(), cloud.client.with_token("gAAAAAbogus")];
    for route in api::routes().table().iter().filter(|route| route.policy.is_some()) {
        for client in &strangers {
            let answer = client.send(route.method.clone(), &concrete(route.path), Some(json!({}))).await;
            assert_eq!(answer.status, 401, "{} {}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn nothing_that_is_sent_anywhere_is_an_internal_error() {
    let cloud = Cloud::new().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let bodies = [
        None,
        Some(json!({})),
        Some(json!([])),
        Some(json!("x")),
        Some(json!({"user": null, "project": {"name": []}, "auth": 5, "role": {"name": "\u{0}"}})),
    ];
    for route in api::routes().table() {
        for body in &bodies {
            for client in [&admin, &demo] {
                let path = format!("{}?limit=1&marker=%00&name=%27&x[]=1", concrete(route.path));
                let answer = client.send(route.method.clone(), &path, body.clone()).await;
                assert!(
                    answer.status.as_u16() < 500,
                    "{} {} {body:?} {:?}",
                    route.method,
                    route.path,
                    answer.json
                );
            }
        }
    }
}
