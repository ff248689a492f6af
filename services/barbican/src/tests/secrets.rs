use super::*;

#[tokio::test]
async fn a_secret_shows_what_is_known_of_it_and_never_its_payload() {
    let member = member().await;
    let body = json!({"name": " key ", "algorithm": "aes", "bit_length": 256, "mode": "cbc",
        "secret_type": "symmetric", "expiration": "2037-01-01T00:00:00Z",
        "payload": "aHVudGVyMg==", "payload_content_type": "application/octet-stream",
        "payload_content_encoding": "base64"});
    let path = secret(&member, body).await;
    let shown = member.get(&path).await;
    assert_eq!(shown.status, 200);
    let json = &shown.json;
    assert_eq!(
        (&json["name"], &json["algorithm"], &json["bit_length"], &json["mode"], &json["secret_type"]),
        (&json!("key"), &json!("aes"), &json!(256), &json!("cbc"), &json!("symmetric"))
    );
    assert_eq!(json["expiration"], "2037-01-01T00:00:00");
    assert_eq!(json["content_types"], json!({"default": "application/octet-stream"}));
    assert_eq!((&json["status"], &json["creator_id"]), (&json!("ACTIVE"), &json!("member")));
    assert!(json.get("payload").is_none());
    assert_eq!(member.delete(&path).await.status, 204);
    fault(&member.get(&path).await, 404);
    fault(&member.delete(&path).await, 404);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_is_kept() {
    let member = member().await;
    for body in [
        json!({"payload": "x"}),
        json!({"payload": "", "payload_content_type": "text/plain"}),
        json!({"payload": "x", "payload_content_type": "image/png"}),
        json!({"payload": "x", "payload_content_type": "application/octet-stream"}),
        json!({"payload_content_type": "text/plain"}),
        json!({"expiration": "2001-01-01T00:00:00Z"}),
        json!({"expiration": "soon"}),
        json!({"bit_length": 0}),
        json!({"bit_length": "many"}),
        json!({"secret_type": "odd"}),
        json!({"name": "x".repeat(256)}),
        json!([]),
    ] {
        fault(&member.post("/v1/secrets", body).await, 400);
    }
    let long = "x".repeat(20_001);
    fault(&member.post("/v1/secrets", text(&long)).await, 413);
    let told = member.post("/v1/secrets", json!({"payload": ["hunter2"]})).await;
    fault(&told, 400);
    assert!(!told.json.to_string().contains("hunter2"), "{}", told.json);
    assert_eq!(member.get("/v1/secrets").await.json, json!({"secrets": [], "total": 0}));
}

#[tokio::test]
async fn lists_are_of_the_project_filtered_sorted_and_paged() {
    let member = member().await;
    for (name, bits) in [("a", 128), ("b", 256), ("c", 256)] {
        secret(&member, json!({"name": name, "algorithm": "aes", "bit_length": bits})).await;
    }
    let names = async |query: &str| {
        let page = member.get(&format!("/v1/secrets?{query}")).await;
        assert_eq!(page.status, 200, "{query} {:?}", page.json);
        let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
        page.json["secrets"].as_array().unwrap().iter().map(name).collect::<String>()
    };
    assert_eq!(names("").await, "abc");
    assert_eq!(names("sort=name:desc").await, "cba");
    assert_eq!(names("bits=256&name=b").await, "b");
    assert_eq!(names("bits=none&alg=&mode=").await, "abc");
    assert_eq!(names("alg=des").await, "");
    assert_eq!(names("created=gt:2001-01-01T00:00:00,lt:2037-01-01T00:00:00").await, "abc");
    assert_eq!(names("updated=lt:2001-01-01T00:00:00").await, "");
    assert_eq!(names("limit=x&offset=-1").await, "abc");
    for query in ["sort=colour", "sort=name:up", "sort=name,name", "created=yesterday"] {
        fault(&member.get(&format!("/v1/secrets?{query}")).await, 400);
    }
    let page = member.get("/v1/secrets?limit=1&offset=1&alg=aes").await.json;
    assert_eq!((&page["secrets"][0]["name"], &page["total"]), (&json!("b"), &json!(3)));
    assert_eq!(page["next"], "http://cloud/key-manager/v1/secrets?alg=aes&limit=1&offset=2");
    assert_eq!(page["previous"], "http://cloud/key-manager/v1/secrets?alg=aes&limit=1&offset=0");
    assert_eq!(member.with_token("stranger").get("/v1/secrets").await.json["total"], 0);
}

#[tokio::test]
async fn another_projects_secret_is_forbidden_and_no_administrator_reads_it() {
    let member = member().await;
    let path = secret(&member, text("hunter2")).await;
    let payload = format!("{path}/payload");
    for token in ["stranger", "reader"] {
        let other = member.with_token(token);
        fault(&other.get(&path).await, 403);
        fault(&other.get(&payload).await, 403);
        fault(&other.get(&format!("{path}/metadata")).await, 403);
        fault(&other.delete(&path).await, 403);
    }
    let admin = member.with_token("admin");
    assert_eq!(admin.get(&path).await.status, 200);
    fault(&admin.get(&payload).await, 403);
    fault(&admin.with_header("accept", "text/plain").get(&path).await, 403);
    fault(&member.with_token("reader").post("/v1/secrets", json!({})).await, 403);
    fault(&member.get("/v1/secrets/none").await, 404);
}

#[tokio::test]
async fn a_quota_is_counted_from_what_is_there() {
    let config = Config { quotas: [("secrets".to_owned(), 1)].into(), ..Config::default() };
    let (_, member) = with(config).await;
    let path = secret(&member, json!({})).await;
    fault(&member.post("/v1/secrets", json!({})).await, 403);
    secret(&member.with_token("stranger"), json!({})).await;
    member.delete(&path).await;
    secret(&member, json!({})).await;
}
