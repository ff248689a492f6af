use serde_json::json;
use uuid::Uuid;

use super::*;

#[tokio::test]
async fn the_version_documents_need_no_token() {
    let lab = Lab::new().await;
    let client = lab.as_("");
    for (path, status) in [("/", 300), ("/versions", 200), ("/v2/", 300)] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.json["versions"][0]["status"], "CURRENT");
        assert_eq!(answer.json["versions"][0]["links"][0]["href"], "http://127.0.0.1/image/v2/");
    }
    assert_eq!(client.get("/v2/images").await.status, 401);
}

#[tokio::test]
async fn an_image_is_made_shown_changed_and_deleted() {
    let lab = Lab::new().await;
    let client = lab.member();
    let made = client
        .post("/v2/images", json!({"name": "one", "disk_format": "raw", "container_format": "bare", "tags": ["a"], "hw_disk_bus": "scsi", "min_ram": 64}))
        .await;
    assert_eq!(made.status, 201);
    assert_eq!(made.headers["openstack-image-import-methods"], "glance-direct");
    let id = made.json["id"].as_str().unwrap();
    assert!(made.headers["location"].to_str().unwrap().ends_with(&format!("/v2/images/{id}")));
    let expected = json!({
        "status": "queued", "visibility": "shared", "owner": "p1", "size": null, "virtual_size": null,
        "checksum": null, "os_hash_algo": null, "os_hash_value": null, "protected": false, "os_hidden": false,
        "min_ram": 64, "min_disk": 0, "hw_disk_bus": "scsi", "tags": ["a"],
        "file": format!("/v2/images/{id}/file"), "self": format!("/v2/images/{id}"), "schema": "/v2/schemas/image",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&made.json[name], value, "{name}");
    }
    let changes = json!([
        {"op": "replace", "path": "/name", "value": "two"},
        {"op": "add", "path": "/os_distro", "value": "debian"},
        {"op": "remove", "path": "/hw_disk_bus"},
        {"op": "replace", "path": "/tags", "value": ["b", "c"]},
        {"op": "add", "path": "/os_hidden", "value": true},
    ]);
    let changed = patch(&client, id, changes).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let shown = client.get(&format!("/v2/images/{id}")).await.json;
    assert_eq!(
        (&shown["name"], &shown["os_distro"], &shown["tags"]),
        (&json!("two"), &json!("debian"), &json!(["b", "c"]))
    );
    assert!(shown.get("hw_disk_bus").is_none());
    assert_eq!(shown["os_hidden"], true);
    assert_eq!(client.delete(&format!("/v2/images/{id}")).await.status, 204);
    assert_eq!(client.get(&format!("/v2/images/{id}")).await.status, 404);
    assert_eq!(client.delete(&format!("/v2/images/{id}")).await.status, 404);
    assert_eq!(client.get("/v2/images/").await.status, 404);
}

#[tokio::test]
async fn an_id_may_be_given_and_is_taken_once() {
    let lab = Lab::new().await;
    let id = Uuid::new_v4();
    assert_eq!(lab.member().post("/v2/images", json!({"id": id})).await.status, 201);
    assert_eq!(lab.member().post("/v2/images", json!({"id": id})).await.status, 409);
    assert_eq!(lab.member().post("/v2/images", json!({"id": "x"})).await.status, 400);
}

#[tokio::test]
async fn nonsense_is_refused_with_a_400_and_what_is_not_for_users_with_a_403() {
    let lab = Lab::new().await;
    let client = lab.member();
    for body in [
        json!([]),
        json!("x"),
        json!({"name": 5}),
        json!({"disk_format": "wrong"}),
        json!({"container_format": "wrong"}),
        json!({"custom": 5}),
        json!({"tags": "x"}),
        json!({"min_disk": -1}),
        json!({"min_disk": 1u64 << 60}),
        json!({"name": "x".repeat(256)}),
        json!({"x".repeat(256): "y"}),
        json!({"visibility": "secret"}),
    ] {
        let refused = client.post("/v2/images", body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    }
    for name in [
        "status",
        "size",
        "checksum",
        "self",
        "file",
        "stores",
        "os_glance_x",
        "deleted",
        "location",
        "locations",
    ] {
        let value = match name {
            "size" => json!(1),
            "locations" => json!([{"url": "file:///etc/passwd", "metadata": {}}]),
            "status" => json!("active"),
            _ => json!("x"),
        };
        let refused = client.post("/v2/images", json!({ name: value })).await;
        assert_eq!(refused.status, 403, "{name}");
    }
    let raw = client.send_bytes(Method::POST, "/v2/images", Some("application/json"), b"{".to_vec()).await;
    assert_eq!(raw.status, 400);
    assert_eq!(client.post("/v2/images", json!({"a": "x".repeat(2 << 20)})).await.status, 413);
}

#[tokio::test]
async fn ossa_2015_019_status_and_locations_cant_be_set_by_users() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({})).await;
    for change in [
        json!({"op": "replace", "path": "/status", "value": "active"}),
        json!({"op": "add", "path": "/locations/-", "value": {"url": "file:///etc/shadow", "metadata": {}}}),
        json!({"op": "replace", "path": "/locations", "value": [{"url": "http://x/", "metadata": {}}]}),
        json!({"op": "replace", "path": "/locations", "value": []}),
        json!({"op": "remove", "path": "/locations/0"}),
        json!({"op": "replace", "path": "/owner", "value": "p2"}),
        json!({"op": "add", "path": "/owner", "value": "p2"}),
        json!({"op": "replace", "path": "/visibility", "value": "public"}),
        json!({"op": "remove", "path": "/name"}),
    ] {
        assert_eq!(patch(&lab.member(), &id, json!([change])).await.status, 403, "{change}");
    }
    assert_eq!(lab.show(&id).await["status"], "queued");
    let replaced = json!([{"op": "replace", "path": "/owner", "value": "p2"}]);
    assert_eq!(patch(&lab.as_("admin"), &id, replaced).await.status, 200);
    assert_eq!(lab.member().get(&format!("/v2/images/{id}")).await.status, 404);
}

#[tokio::test]
async fn patches_are_read_strictly_and_made_whole_or_not_at_all() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({"a": "1"})).await;
    let client = lab.member();
    let path = format!("/v2/images/{id}");
    let other = client.patch(&path, json!([])).await;
    assert_eq!(other.status, 415);
    assert!(other.headers["accept-patch"].to_str().unwrap().contains("v2.1-json-patch"));
    for body in
        [json!({}), json!([1]), json!([{"op": "move", "path": "/a"}]), json!([{"op": "add", "path": "/a"}])]
    {
        assert_eq!(patch(&client, &id, body).await.status, 400);
    }
    for change in
        [json!({"op": "replace", "path": "/b", "value": "x"}), json!({"op": "remove", "path": "/b"})]
    {
        let both = json!([{"op": "replace", "path": "/a", "value": "2"}, change]);
        assert_eq!(patch(&client, &id, both).await.status, 409);
    }
    assert_eq!(lab.show(&id).await["a"], "1");
    let old = json!([{"add": "/a", "value": "2"}]).to_string().into_bytes();
    let kind = Some("application/openstack-images-v2.0-json-patch");
    assert_eq!(client.send_bytes(Method::PATCH, &path, kind, old).await.status, 409);
    let many: Vec<Value> =
        (0..129).map(|at| json!({"op": "add", "path": format!("/p{at}"), "value": "x"})).collect();
    assert_eq!(patch(&client, &id, json!(many)).await.status, 413);
}

#[tokio::test]
async fn formats_are_fixed_once_there_is_content() {
    let lab = Lab::new().await;
    let id = lab.active(json!({})).await;
    for name in ["disk_format", "container_format"] {
        let change = json!([{"op": "replace", "path": format!("/{name}"), "value": "ami"}]);
        assert_eq!(patch(&lab.member(), &id, change).await.status, 403);
    }
}

#[tokio::test]
async fn a_protected_image_is_not_deleted() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({"protected": true})).await;
    let path = format!("/v2/images/{id}");
    assert_eq!(lab.member().delete(&path).await.status, 403);
    assert_eq!(lab.as_("admin").delete(&path).await.status, 403);
    let free = json!([{"op": "replace", "path": "/protected", "value": false}]);
    assert_eq!(patch(&lab.member(), &id, free).await.status, 200);
    assert_eq!(lab.member().delete(&path).await.status, 204);
}

#[tokio::test]
async fn tags_are_added_and_taken_away_one_by_one() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({})).await;
    let tag = |name: &str| format!("/v2/images/{id}/tags/{name}");
    let client = lab.member();
    assert_eq!(client.put(&tag("x"), json!({})).await.status, 204);
    assert_eq!(client.put(&tag("x"), json!({})).await.status, 204);
    assert_eq!(lab.show(&id).await["tags"], json!(["x"]));
    assert_eq!(client.put(&tag(&"y".repeat(256)), json!({})).await.status, 400);
    assert_eq!(client.delete(&tag("x")).await.status, 204);
    assert_eq!(client.delete(&tag("x")).await.status, 404);
    assert_eq!(client.put(&format!("/v2/images/{}/tags/x", Uuid::new_v4()), json!({})).await.status, 404);
    assert_eq!(lab.as_("reader").put(&tag("x"), json!({})).await.status, 403);
}

#[tokio::test]
async fn who_only_reads_changes_nothing() {
    let lab = Lab::new().await;
    let id = lab.active(json!({})).await;
    let reader = lab.as_("reader");
    assert_eq!(reader.post("/v2/images", json!({})).await.status, 403);
    assert_eq!(reader.get(&format!("/v2/images/{id}")).await.status, 200);
    assert_eq!(reader.delete(&format!("/v2/images/{id}")).await.status, 403);
    assert_eq!(patch(&reader, &id, json!([])).await.status, 403);
    assert_eq!(octets(&reader, &format!("/v2/images/{id}/file"), vec![1]).await.status, 403);
    assert_eq!(reader.get(&format!("/v2/images/{id}/file")).await.status, 403);
    assert_eq!(reader.post(&format!("/v2/images/{id}/actions/deactivate"), json!({})).await.status, 403);
}

#[tokio::test]
async fn schemas_and_what_can_be_done_are_told() {
    let lab = Lab::new().await;
    let client = lab.as_("reader");
    for name in ["image", "images", "member", "members", "task", "tasks"] {
        assert_eq!(client.get(&format!("/v2/schemas/{name}")).await.json["name"], name);
    }
    assert_eq!(client.get("/v2/schemas/nothing").await.status, 404);
    assert_eq!(client.get("/v2/info/import").await.json["import-methods"]["value"], json!(["glance-direct"]));
    assert_eq!(client.get("/v2/info/stores").await.json["stores"][0]["id"], "local");
    assert_eq!(client.get("/v2/info/stores/detail").await.status, 403);
    assert_eq!(
        client.get("/v2/info/usage").await.json["usage"]["image_count_total"],
        json!({"usage": 0, "limit": -1})
    );
    assert_eq!(client.get("/v2/tasks").await.status, 403);
    assert_eq!(lab.as_("admin").get("/v2/tasks").await.json["tasks"], json!([]));
}

#[tokio::test]
async fn a_project_has_no_more_images_than_it_may() {
    let lab =
        Lab::with(Config { images_per_project: Some(1), bytes_per_project: Some(500), ..Config::default() })
            .await;
    let id = lab.queued(json!({})).await;
    assert_eq!(lab.member().post("/v2/images", json!({})).await.status, 413);
    assert_eq!(lab.upload(&id, vec![0; 501]).await.status, 413);
    assert_eq!(lab.upload(&id, vec![0; 500]).await.status, 204);
}
