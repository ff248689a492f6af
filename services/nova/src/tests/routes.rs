use http::Method;
use platform::policy::Policy;
use serde_json::json;

use crate::{api, policy, testing::Cloud};

#[test]
fn every_route_s_policy_is_declared() {
    let policy = Policy::new(policy::RULES);
    let known: Vec<&str> = policy.declared().map(|rule| rule.name).collect();
    for route in api::routes().table() {
        if let Some(rule) = route.policy {
            assert!(known.contains(&rule), "{} {}: {rule}", route.method, route.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_who_has_no_token() {
    let cloud = Cloud::new().await;
    for route in api::routes().table().iter().filter(|route| route.policy.is_some()) {
        let path = route.path.replace(['{', '}'], "");
        let body = (route.method != Method::GET).then(|| json!({}));
        let answer = cloud.newest("").send(route.method.clone(), &path, body).await;
        assert_eq!(answer.status, 401, "{} {path}", route.method);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_get_400_and_never_500() {
    let cloud = Cloud::new().await;
    let client = cloud.newest("admin");
    let bodies =
        [json!([]), json!("x"), json!({"a": {"b": []}}), json!(null), json!({"server": null}), json!(12)];
    for route in api::routes().table() {
        let path = route.path.replace(['{', '}'], "");
        for body in &bodies {
            if route.method == Method::GET || route.method == Method::DELETE {
                let answer = client.send(route.method.clone(), &path, None).await;
                assert!(!answer.status.is_server_error() || answer.status == 501, "{} {path}", route.method);
                break;
            }
            let answer = client.send(route.method.clone(), &path, Some(body.clone())).await;
            let status = answer.status.as_u16();
            assert!((400..500).contains(&status), "{} {path} {body}: {status}", route.method);
        }
    }
    let torn =
        client.send_bytes(Method::POST, "/v2.1/servers", Some("application/json"), b"{\"server\":".to_vec());
    assert_eq!(torn.await.status, 400);
    let big = vec![b' '; 200_000];
    let big = client.send_bytes(Method::POST, "/v2.1/servers", Some("application/json"), big).await;
    assert_eq!(big.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_servers_are_refused_with_nova_s_words() {
    let cloud = Cloud::new().await;
    let client = cloud.newest("member");
    let cases = [
        ("name", json!(12), 400),
        ("name", json!(""), 400),
        ("name", json!("x".repeat(256)), 400),
        ("imageRef", json!("00000000-0000-0000-0000-000000000000"), 400),
        ("flavorRef", json!("none"), 400),
        ("networks", json!([{"uuid": "a-b-c-d-e-f-g-h-i-j"}]), 400),
        ("networks", json!([{"uuid": "00000000-0000-0000-0000-000000000000"}]), 400),
        ("networks", json!([{"port": "00000000-0000-0000-0000-000000000000"}]), 400),
        ("metadata", json!({"k": "v".repeat(260)}), 400),
        ("key_name", json!("none"), 400),
        ("security_groups", json!([{"name": "none"}]), 400),
        ("accessIPv4", json!("1.1.1.1.1"), 400),
        ("accessIPv6", json!("notvalid"), 400),
        ("user_data", json!("!!!"), 400),
        ("availability_zone", json!("none"), 400),
        ("availability_zone", json!("nova:h1"), 403),
        ("min_count", json!(0), 400),
        ("personality", json!([]), 400),
        ("unknown", json!(1), 400),
    ];
    for (field, value, status) in cases {
        let mut body = cloud.server("x");
        body["server"][field] = value.clone();
        let answer = client.post("/v2.1/servers", body).await;
        assert_eq!(answer.status, status, "{field} {value}: {}", answer.json);
    }
    cloud.images.change(cloud.images.usual(), |image| image.min_ram = 1024);
    let small = client.post("/v2.1/servers", cloud.server("x")).await;
    assert_eq!(small.json["badRequest"]["message"], "Flavor's memory is too small for requested image.");
    cloud.images.change(cloud.images.usual(), |image| image.status = "queued".into());
    assert_eq!(client.post("/v2.1/servers", cloud.server("x")).await.status, 400);
    let mut both = cloud.server("x");
    both["server"]["min_count"] = json!(3);
    both["server"]["max_count"] = json!(2);
    assert_eq!(client.post("/v2.1/servers", both).await.status, 400);
    assert!(client.get("/v2.1/servers").await.json["servers"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_absent_to_strangers_whatever_they_ask_of_it() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let before = cloud.newest("member").get(&format!("/v2.1/servers/{id}")).await.json;
    let table = api::routes().into_table();
    let routes = table.iter().filter(|route| route.path.starts_with("/v2.1/servers/{id}"));
    let mut asked = 0;
    for route in routes.filter(|route| !route.path.ends_with("/action")) {
        let path = route.path.replace("{id}", &id).replace(['{', '}'], "");
        let body = (route.method == Method::POST || route.method == Method::PUT).then(|| json!({}));
        let answer = cloud.newest("stranger").send(route.method.clone(), &path, body.clone()).await;
        let expected: &[u16] = if body.is_some() { &[400, 403, 404] } else { &[403, 404] };
        let status = answer.status.as_u16();
        assert!(expected.contains(&status), "{} {path}: {status} {}", route.method, answer.json);
        asked += 1;
    }
    assert!(asked > 25, "{asked}");
    for action in ["os-start", "os-stop", "pause", "lock", "unlock", "confirmResize", "shelve", "forceDelete"]
    {
        let answer = cloud.act("stranger", &id, json!({action: null})).await;
        assert_eq!(answer.status, 404, "{action}: {}", answer.json);
    }
    assert_eq!(cloud.newest("member").get(&format!("/v2.1/servers/{id}")).await.json, before);
}
