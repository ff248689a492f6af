use super::*;
use crate::api;

#[tokio::test]
async fn every_route_has_a_rule_and_refuses_who_has_no_token() {
    let service = service().await;
    let client = client(&service, "1.39").with_token("");
    let rules: Vec<&str> = service.policy().declared().map(|rule| rule.name).collect();
    let routes = api::routes();
    assert!(routes.table().len() > 20);
    for route in routes.table() {
        let Some(rule) = route.policy else { continue };
        assert!(rules.contains(&rule), "{} {}: no rule is called {rule}", route.method, route.path);
        let path: String = route
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { "3fa85f64-5717-4562-b3fc-2c963f66afa6" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let answer = client.send(route.method.clone(), &path, Some(json!({}))).await;
        assert_eq!(answer.status, 401, "{} {path}", route.method);
    }
}
