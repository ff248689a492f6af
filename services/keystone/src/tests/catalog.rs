//! Regions, services, endpoints, what projects see of them, limits, policies, consumers, versions.

use http::Method;
use serde_json::{Value, json};

use super::cloud::{Cloud, PASSWORD, by_password, make, project, put};

#[tokio::test]
async fn versions_are_for_everybody() {
    let cloud = Cloud::new().await;
    let all = cloud.client.get("/").await;
    assert_eq!(all.status, 300);
    assert_eq!(all.headers["location"], "http://cloud/identity/v3/");
    assert_eq!(all.json["versions"]["values"][0]["id"], "v3.14");
    let third = cloud.client.get("/v3").await;
    assert_eq!(third.json["version"]["status"], "stable");
    assert_eq!(third.json["version"]["links"][0]["href"], "http://cloud/identity/v3/");
    assert_eq!(cloud.client.get("/v3/").await.json, third.json);
    assert_eq!(cloud.client.get("/v2.0").await.status, 404);
    let trusts = cloud.admin().await.get("/v3/OS-TRUST/trusts/?").await;
    assert_eq!(trusts.status, 200, "a path may end with a slash");
}

#[tokio::test]
async fn regions_lie_in_regions() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let made = admin.post("/v3/regions", json!({"region": {"id": "R1", "description": "d"}})).await;
    assert_eq!((made.status.as_u16(), &made.json["region"]["parent_region_id"]), (201, &Value::Null));
    let child = make(&admin, "/v3/regions", json!({"region": {"parent_region_id": "R1"}})).await;
    let listed = admin.get("/v3/regions?parent_region_id=R1").await;
    assert_eq!(listed.json["regions"][0]["id"], child);
    assert_eq!(admin.post("/v3/regions", json!({"region": {"id": "R1"}})).await.status, 409);
    let circle = json!({"region": {"parent_region_id": child}});
    assert_eq!(admin.patch("/v3/regions/R1", circle).await.status, 400);
    assert_eq!(admin.delete("/v3/regions/R1").await.status, 403);
    assert_eq!(admin.put("/v3/regions/R2", json!({"region": {}})).await.status, 201);
    assert_eq!(admin.delete(&format!("/v3/regions/{child}")).await.status, 204);
    assert_eq!(admin.delete("/v3/regions/R1").await.status, 204);
    assert_eq!(admin.get("/v3/regions/R1").await.status, 404);
    assert_eq!(cloud.demo().await.get("/v3/regions").await.status, 200);
}

#[tokio::test]
async fn the_catalog_shows_services_and_endpoints_that_are_enabled() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let service = make(&admin, "/v3/services", json!({"service": {"type": "rocket", "name": "r"}})).await;
    let body = json!({"endpoint": {
        "service_id": service, "interface": "public", "url": "http://x/%(tenant_id)s", "region": "New",
    }});
    let made = admin.post("/v3/endpoints", body).await;
    assert_eq!((made.status.as_u16(), &made.json["endpoint"]["region_id"]), (201, &json!("New")));
    assert_eq!(admin.get("/v3/regions/New").await.status, 200);
    let path = format!("/v3/endpoints/{}", made.json["endpoint"]["id"].as_str().unwrap());
    let seen = async || {
        let answer = cloud.login(by_password("demo", PASSWORD, project("demo"))).await;
        let catalog = answer.json["token"]["catalog"].as_array().unwrap().clone();
        catalog.into_iter().find(|one| one["type"] == "rocket")
    };
    let entry = seen().await.unwrap();
    assert!(entry["endpoints"][0]["url"].as_str().unwrap().starts_with("http://x/"));
    assert_eq!(admin.patch(&path, json!({"endpoint": {"enabled": false}})).await.status, 200);
    assert_eq!(seen().await.unwrap()["endpoints"], json!([]));
    let off = json!({"service": {"enabled": false}});
    assert_eq!(admin.patch(&format!("/v3/services/{service}"), off).await.status, 200);
    assert_eq!(seen().await, None);
    let project_scoped = cloud.demo().await.get("/v3/auth/catalog").await;
    assert!(!project_scoped.json["catalog"].as_array().unwrap().is_empty());
    assert_eq!(admin.delete(&format!("/v3/services/{service}")).await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404, "endpoints go with their service");
    let found = admin.get("/v3/services?type=compute").await;
    assert_eq!(found.json["services"].as_array().unwrap().len(), 1);
    let id = found.json["services"][0]["id"].as_str().unwrap();
    let three = admin.get(&format!("/v3/endpoints?service_id={id}")).await;
    assert_eq!(three.json["endpoints"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn bad_endpoints_are_refused() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let service = cloud.id(&admin, "/v3/services?type=compute").await;
    let good = json!({"service_id": service, "interface": "public", "url": "http://x"});
    for (name, value, status) in [
        ("interface", json!("side"), 400),
        ("url", json!("no url"), 400),
        ("url", json!("http://x/%(secret)s"), 400),
        ("service_id", json!("none"), 400),
        ("region_id", json!("none"), 400),
        ("enabled", json!("True"), 400),
        ("enabled", json!("False"), 400),
    ] {
        let mut endpoint = good.clone();
        endpoint[name] = value;
        let answer = admin.post("/v3/endpoints", json!({"endpoint": endpoint})).await;
        assert_eq!(answer.status, status, "{endpoint} {:?}", answer.json);
    }
    let path = format!("/v3/endpoints/{}", cloud.id(&admin, "/v3/endpoints").await);
    assert_eq!(admin.patch(&path, json!({"endpoint": {"enabled": "False"}})).await.status, 400);
}

#[tokio::test]
async fn a_project_sees_the_endpoints_that_were_picked_for_it() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let place = cloud.id(&admin, "/v3/projects?name=demo").await;
    let endpoint = cloud.id(&admin, "/v3/endpoints?interface=public").await;
    let count = async || {
        let answer = cloud.login(by_password("demo", PASSWORD, project("demo"))).await;
        let catalog = answer.json["token"]["catalog"].as_array().unwrap().clone();
        catalog.iter().map(|one| one["endpoints"].as_array().unwrap().len()).sum::<usize>()
    };
    assert!(count().await > 10);
    let pick = format!("/v3/OS-EP-FILTER/projects/{place}/endpoints/{endpoint}");
    assert_eq!(put(&admin, &pick).await.status, 204);
    assert_eq!(admin.send(Method::HEAD, &pick, None).await.status, 204);
    assert_eq!(count().await, 1);
    assert_eq!(
        admin.get(&format!("/v3/OS-EP-FILTER/endpoints/{endpoint}/projects")).await.json["projects"][0]["id"],
        place
    );
    let group = json!({"endpoint_group": {"name": "g", "filters": {"interface": "admin"}}});
    let group = make(&admin, "/v3/OS-EP-FILTER/endpoint_groups", group).await;
    let join = format!("/v3/OS-EP-FILTER/endpoint_groups/{group}/projects/{place}");
    assert_eq!(put(&admin, &join).await.status, 204);
    assert!(count().await > 5);
    let endpoints = admin.get(&format!("/v3/OS-EP-FILTER/projects/{place}/endpoints")).await;
    assert_eq!(endpoints.json["endpoints"].as_array().unwrap().len(), count().await);
    assert_eq!(admin.delete(&join).await.status, 204);
    assert_eq!(admin.get(&join).await.status, 404);
    assert_eq!(admin.delete(&pick).await.status, 204);
    assert_eq!(admin.delete(&pick).await.status, 404);
    let path = format!("/v3/OS-EP-FILTER/endpoint_groups/{group}");
    let wrong = json!({"endpoint_group": {"filters": {"color": "red"}}});
    assert_eq!(admin.patch(&path, wrong).await.status, 400);
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404);
}

#[tokio::test]
async fn limits_stand_on_registered_ones() {
    let cloud = Cloud::new().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let service = cloud.id(&admin, "/v3/services?type=compute").await;
    let place = cloud.id(&admin, "/v3/projects?name=demo").await;
    let limit = json!({"limits": [{
        "service_id": service, "project_id": place, "resource_name": "cores", "resource_limit": 5,
    }]});
    assert_eq!(admin.post("/v3/limits", limit.clone()).await.status, 403);
    let registered = json!({"registered_limits": [{
        "service_id": service, "resource_name": "cores", "default_limit": 10, "region_id": null,
    }]});
    let made = admin.post("/v3/registered_limits", registered.clone()).await;
    assert_eq!(made.status, 201, "{:?}", made.json);
    assert_eq!(admin.post("/v3/registered_limits", registered).await.status, 409);
    assert_eq!(admin.post("/v3/limits", limit.clone()).await.status, 201);
    assert_eq!(admin.post("/v3/limits", limit).await.status, 409);
    let own = demo.get("/v3/limits").await.json["limits"].clone();
    assert_eq!(own[0]["resource_limit"], 5);
    let path = format!("/v3/limits/{}", own[0]["id"].as_str().unwrap());
    assert_eq!(demo.get(&path).await.status, 200);
    assert_eq!(demo.patch(&path, json!({"limit": {"resource_limit": 50}})).await.status, 403);
    let changed = admin.patch(&path, json!({"limit": {"resource_limit": 6}})).await;
    assert_eq!(changed.json["limit"]["resource_limit"], 6);
    let registered =
        format!("/v3/registered_limits/{}", made.json["registered_limits"][0]["id"].as_str().unwrap());
    assert_eq!(admin.delete(&registered).await.status, 403, "a limit stands on it");
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.delete(&registered).await.status, 204);
    assert_eq!(demo.get("/v3/limits/model").await.json["model"]["name"], "flat");
    for limits in [json!([]), json!([{"service_id": service}]), json!("x")] {
        assert_eq!(admin.post("/v3/limits", json!({"limits": limits})).await.status, 400);
    }
}

#[tokio::test]
async fn policies_and_consumers_are_kept() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let id = make(&admin, "/v3/policies", json!({"policy": {"blob": "b", "type": "t"}})).await;
    let path = format!("/v3/policies/{id}");
    assert_eq!(admin.patch(&path, json!({"policy": {"type": "u"}})).await.json["policy"]["type"], "u");
    assert_eq!(admin.get("/v3/policies?type=u").await.json["policies"][0]["id"], id);
    assert_eq!(admin.delete(&path).await.status, 204);

    let body = json!({"consumer": {"description": "d"}});
    let made = admin.post("/v3/OS-OAUTH1/consumers", body).await;
    assert!(made.json["consumer"]["secret"].is_string());
    let path = format!("/v3/OS-OAUTH1/consumers/{}", made.json["consumer"]["id"].as_str().unwrap());
    let shown = admin.get(&path).await;
    assert_eq!(shown.json["consumer"].get("secret"), None);
    let secret = json!({"consumer": {"secret": "mine"}});
    assert_eq!(admin.patch(&path, secret).await.status, 400);
    let changed = admin.patch(&path, json!({"consumer": {"description": "e"}})).await;
    assert_eq!(changed.json["consumer"]["description"], "e");
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404);
}
