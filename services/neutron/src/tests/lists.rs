//! Lists: pages, links, filters, fields, tags.

use serde_json::{Value, json};

use super::{World, made, refused};

fn names(answer: &platform::http::testing::Answer, plural: &str) -> Vec<String> {
    let names = answer.json[plural].as_array().unwrap().iter();
    names.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_are_linked_there_and_back() {
    let world = World::asleep().await;
    for name in ["a", "b", "c", "d"] {
        let body = json!({"network": {"name": name}});
        assert_eq!(world.member.post("/v2.0/networks", body).await.status, 201);
    }
    let link = |answer: &platform::http::testing::Answer, rel: &str| -> Option<String> {
        let links = answer.json["networks_links"].as_array()?;
        let href = links.iter().find(|link| link["rel"] == rel)?["href"].as_str()?;
        Some(href.strip_prefix("http://cloud/networking").unwrap().to_owned())
    };
    let first = world.member.get("/v2.0/networks?limit=2&sort_key=name&sort_dir=desc").await;
    assert_eq!(names(&first, "networks"), ["d", "c"]);
    let second = world.member.get(&link(&first, "next").unwrap()).await;
    assert_eq!(names(&second, "networks"), ["b", "a"]);
    let third = world.member.get(&link(&second, "next").unwrap()).await;
    assert_eq!(names(&third, "networks"), [""; 0]);
    assert!(link(&third, "next").is_none());
    let back = world.member.get(&link(&second, "previous").unwrap()).await;
    assert_eq!(names(&back, "networks"), ["d", "c"]);
}

#[tokio::test]
async fn filters_select_and_unknown_ones_are_refused() {
    let world = World::asleep().await;
    let network = world.network().await;
    let subnet = world.subnet(&network, "10.0.0.0/24").await;
    let port = world.port(&network).await;
    let address = port["fixed_ips"][0]["ip_address"].as_str().unwrap();
    let count = async |path: &str| {
        let answer = world.member.get(path).await;
        answer.json["ports"].as_array().map_or_else(|| panic!("{path}: {}", answer.json), Vec::len)
    };
    assert_eq!(count(&format!("/v2.0/ports?fixed_ips=ip_address={address}")).await, 1);
    assert_eq!(count(&format!("/v2.0/ports?fixed_ips=subnet_id={subnet}&name=p")).await, 1);
    assert_eq!(count("/v2.0/ports?fixed_ips=ip_address=10.0.0.1").await, 0);
    assert_eq!(count("/v2.0/ports?name=p&name=q").await, 1);
    assert_eq!(count("/v2.0/ports?device_owner=").await, 1);
    assert_eq!(count("/v2.0/ports?device_id=nothing").await, 0);
    let group = port["security_groups"][0].as_str().unwrap();
    assert_eq!(count(&format!("/v2.0/ports?security_groups={group}")).await, 1);
    for path in [
        "/v2.0/ports?colour=red",
        "/v2.0/ports?sort_key=colour&sort_dir=asc",
        "/v2.0/ports?limit=x",
        "/v2.0/ports?limit=-1",
        "/v2.0/ports?admin_state_up=perhaps",
        "/v2.0/ports?marker=6a3bd5c6-9b5f-4b3c-8a53-3b4a6cbb1a01&limit=1",
        "/v2.0/ports?sort_key=name&sort_dir=up",
    ] {
        assert_eq!(world.member.get(path).await.status, 400, "{path}");
    }
    let some = world.member.get("/v2.0/ports?fields=id&fields=name&name=p").await;
    assert_eq!(some.json["ports"], json!([{"id": port["id"], "name": "p"}]));
}

/// SECURITY 25.
#[tokio::test]
async fn ossa_2024_005_tags_need_what_their_parent_needs() {
    let world = World::asleep().await;
    let network = world.network().await;
    let path = format!("/v2.0/networks/{network}/tags");
    assert_eq!(world.member.put(&format!("{path}/red"), Value::Null).await.status, 201);
    assert_eq!(world.member.put(&format!("{path}/red"), Value::Null).await.status, 201);
    assert_eq!(world.reader.get(&format!("{path}/red")).await.status, 204);
    assert_eq!(
        refused(&world.reader.put(&format!("{path}/x"), Value::Null).await),
        (403, "PolicyNotAuthorized")
    );
    assert_eq!(refused(&world.reader.delete(&path).await), (403, "PolicyNotAuthorized"));
    for answer in [
        world.stranger.get(&path).await,
        world.stranger.get(&format!("{path}/red")).await,
        world.stranger.put(&format!("{path}/x"), Value::Null).await,
        world.stranger.put(&path, json!({"tags": ["x"]})).await,
        world.stranger.delete(&path).await,
        world.stranger.delete(&format!("{path}/red")).await,
    ] {
        assert_eq!(refused(&answer), (404, "NetworkNotFound"));
    }
    // Of a shared network everybody sees the tags and nobody else changes them.
    let body = json!({"network": {"name": "n", "shared": true}});
    let shared = made(world.admin.post("/v2.0/networks", body).await, "network");
    let shared = format!("/v2.0/networks/{shared}/tags");
    assert_eq!(world.stranger.get(&shared).await.json, json!({"tags": []}));
    assert_eq!(
        refused(&world.stranger.put(&format!("{shared}/x"), Value::Null).await),
        (403, "PolicyNotAuthorized")
    );
    assert_eq!(world.reader.get(&path).await.json, json!({"tags": ["red"]}));
    assert_eq!(refused(&world.member.delete(&format!("{path}/blue")).await), (404, "TagNotFound"));
    assert_eq!(world.member.put(&path, json!({"tags": ["b", "a"]})).await.json, json!({"tags": ["a", "b"]}));
}

#[tokio::test]
async fn lists_are_filtered_by_tags() {
    let world = World::asleep().await;
    for (name, tags) in [("a", json!(["red", "blue"])), ("b", json!(["red"])), ("c", json!([]))] {
        let body = json!({"network": {"name": name}});
        let id = made(world.member.post("/v2.0/networks", body).await, "network");
        world.member.put(&format!("/v2.0/networks/{id}/tags"), json!({"tags": tags})).await;
    }
    for (query, expected) in [
        ("tags=red", "a b"),
        ("tags=red,blue", "a"),
        ("tags-any=blue,green", "a"),
        ("not-tags=red,blue", "b c"),
        ("not-tags-any=blue", "b c"),
    ] {
        let path = format!("/v2.0/networks?{query}&sort_key=name&sort_dir=asc");
        assert_eq!(names(&world.member.get(&path).await, "networks").join(" "), expected, "{query}");
    }
}
