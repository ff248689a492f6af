use serde_json::json;

use super::*;

const NS: &str = "/v2/metadefs/namespaces/OS::Test";

async fn lab() -> (Lab, Client) {
    let lab = Lab::new().await;
    let admin = lab.as_("admin");
    let body = json!({
        "namespace": "OS::Test", "display_name": "Test", "visibility": "public",
        "resource_type_associations": [{"name": "OS::Glance::Image", "prefix": "hw_"}],
        "properties": {"cores": {"title": "Cores", "type": "integer", "minimum": 1}},
        "objects": [{"name": "CPU", "required": ["cores"], "properties": {"cores": {"title": "Cores", "type": "integer"}}}],
        "tags": [{"name": "fast"}],
    });
    let made = admin.post("/v2/metadefs/namespaces", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    (lab, admin)
}

#[tokio::test]
async fn a_namespace_is_shown_with_all_that_it_defines() {
    let (lab, admin) = lab().await;
    let shown = lab.as_("reader").get(NS).await.json;
    assert_eq!(
        (&shown["namespace"], &shown["visibility"], &shown["protected"]),
        (&json!("OS::Test"), &json!("public"), &json!(false))
    );
    assert_eq!(shown["properties"]["cores"]["minimum"], 1);
    assert_eq!((&shown["objects"][0]["name"], &shown["tags"][0]["name"]), (&json!("CPU"), &json!("fast")));
    let prefixed = admin.get(&format!("{NS}?resource_type=OS::Glance::Image")).await.json;
    assert!(prefixed["properties"].get("hw_cores").is_some());
    assert_eq!(prefixed["objects"][0]["required"], json!(["hw_cores"]));
    let listed = admin.get("/v2/metadefs/namespaces?resource_types=OS::Glance::Image").await.json;
    assert_eq!(listed["namespaces"][0]["resource_type_associations"][0]["prefix"], "hw_");
    assert_eq!(admin.get("/v2/metadefs/namespaces?resource_types=OS::X").await.json["namespaces"], json!([]));
}

#[tokio::test]
async fn only_administrators_define_and_private_namespaces_are_hidden() {
    let (lab, admin) = lab().await;
    let member = lab.member();
    assert_eq!(member.post("/v2/metadefs/namespaces", json!({"namespace": "x"})).await.status, 403);
    assert_eq!(member.delete(NS).await.status, 403);
    assert_eq!(member.post(&format!("{NS}/tags/x"), json!({})).await.status, 403);
    assert_eq!(admin.post("/v2/metadefs/namespaces", json!({"namespace": "secret"})).await.status, 201);
    assert_eq!(member.get("/v2/metadefs/namespaces/secret").await.status, 404);
    assert_eq!(member.get("/v2/metadefs/namespaces").await.json["namespaces"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_protected_namespace_stays_and_one_that_goes_takes_all_with_it() {
    let (_lab, admin) = lab().await;
    let put =
        |protected: bool| json!({"namespace": "OS::Test", "protected": protected, "visibility": "private"});
    assert_eq!(admin.put(NS, put(true)).await.json["protected"], true);
    assert_eq!(admin.delete(NS).await.status, 403);
    assert_eq!(admin.put(NS, put(false)).await.json["visibility"], "private");
    assert_eq!(admin.delete(NS).await.status, 204);
    assert_eq!(admin.get(NS).await.status, 404);
    assert_eq!(admin.get(&format!("{NS}/tags")).await.status, 404);
}

#[tokio::test]
async fn definitions_are_made_changed_and_deleted() {
    let (_lab, admin) = lab().await;
    for (kind, body, new) in [
        ("objects", json!({"name": "a"}), json!({"name": "b", "description": "x"})),
        (
            "properties",
            json!({"name": "a", "title": "A", "type": "string"}),
            json!({"name": "b", "title": "B", "type": "string"}),
        ),
    ] {
        let path = format!("{NS}/{kind}");
        assert_eq!(admin.post(&path, body.clone()).await.status, 201, "{kind}");
        assert_eq!(admin.post(&path, body).await.status, 409, "{kind}");
        assert_eq!(admin.post(&path, json!({"nonsense": 1})).await.status, 400, "{kind}");
        assert_eq!(admin.get(&format!("{path}/a")).await.json["name"], "a", "{kind}");
        assert_eq!(admin.put(&format!("{path}/a"), new).await.json["name"], "b", "{kind}");
        assert_eq!(admin.get(&format!("{path}/a")).await.status, 404, "{kind}");
        assert_eq!(admin.delete(&format!("{path}/b")).await.status, 204, "{kind}");
        assert_eq!(admin.delete(&format!("{path}/b")).await.status, 404, "{kind}");
        assert_eq!(admin.delete(&path).await.status, 204, "{kind}");
    }
    assert_eq!(admin.get(&format!("{NS}/properties")).await.json["properties"], json!({}));
}

#[tokio::test]
async fn tags_are_replaced_or_appended() {
    let (_lab, admin) = lab().await;
    let path = format!("{NS}/tags");
    let names = async || {
        let list = admin.get(&path).await.json["tags"].as_array().unwrap().clone();
        let mut names: Vec<String> =
            list.iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(admin.post(&path, json!({"tags": [{"name": "a"}, {"name": "b"}]})).await.status, 201);
    assert_eq!(names().await, ["a", "b"]);
    let appending = admin.with_header("x-openstack-append", "true");
    assert_eq!(appending.post(&path, json!({"tags": [{"name": "c"}]})).await.status, 201);
    assert_eq!(admin.post(&format!("{path}/d"), json!({})).await.json["name"], "d");
    assert_eq!(admin.put(&format!("{path}/d"), json!({"name": "e"})).await.json["name"], "e");
    assert_eq!(names().await, ["a", "b", "c", "e"]);
    assert_eq!(admin.delete(&format!("{path}/e")).await.status, 204);
    assert_eq!(admin.delete(&path).await.status, 204);
    assert!(names().await.is_empty());
}

#[tokio::test]
async fn resource_types_are_associated() {
    let (_lab, admin) = lab().await;
    let types = admin.get("/v2/metadefs/resource_types").await.json;
    assert!(types["resource_types"].as_array().unwrap().len() >= 6);
    let path = format!("{NS}/resource_types");
    assert_eq!(admin.post(&path, json!({"name": "OS::Own::Thing"})).await.status, 201);
    assert_eq!(admin.get(&path).await.json["resource_type_associations"].as_array().unwrap().len(), 2);
    assert_eq!(admin.delete(&format!("{path}/OS::Own::Thing")).await.status, 204);
    assert_eq!(admin.delete(&format!("{path}/OS::Own::Thing")).await.status, 404);
}

#[tokio::test]
async fn the_schemas_have_their_names() {
    let lab = Lab::new().await;
    for (path, name) in [
        ("namespace", "namespace"),
        ("namespaces", "namespaces"),
        ("object", "object"),
        ("objects", "objects"),
        ("property", "property"),
        ("properties", "properties"),
        ("tag", "tag"),
        ("tags", "tags"),
        ("resource_type", "resource_type_association"),
        ("resource_types", "resource_type_associations"),
    ] {
        assert_eq!(lab.as_("reader").get(&format!("/v2/schemas/metadefs/{path}")).await.json["name"], name);
    }
}
