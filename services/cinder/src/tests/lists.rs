use serde_json::{Value, json};

use super::{Cloud, expect};

fn names(answer: &Value) -> Vec<String> {
    answer["volumes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|volume| volume["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn lists_go_by_pages_to_the_end() {
    let cloud = Cloud::idle().await;
    for name in ["a", "b", "c", "d"] {
        cloud.begin(json!({"name": name, "metadata": {"Type": "work", "name": name}})).await;
    }
    let all = cloud.member.get("/v3/p1/volumes").await;
    assert_eq!(names(&all.json), ["d", "c", "b", "a"], "newest first");
    assert!(all.json.get("volumes_links").is_none());

    let mut path = "/v3/p1/volumes/detail?limit=2&sort_key=name".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = cloud.member.get(&path).await;
        expect(&page, 200);
        seen.push(names(&page.json).len());
        let Some(next) = page.json["volumes_links"][0]["href"].as_str() else { break };
        path = next.strip_prefix("http://127.0.0.1:1/volume").unwrap().to_owned();
        assert!(path.starts_with("/v3/p1/volumes/detail?"), "{path}");
    }
    assert_eq!(seen, [2, 2, 0], "a full page may not be the last");

    let ask = async |query: &str| names(&cloud.member.get(&format!("/v3/volumes?{query}")).await.json);
    assert_eq!(ask("sort_key=name").await, ["d", "c", "b", "a"], "descending unless said");
    assert_eq!(ask("sort=name:asc&limit=1").await, ["a"]);
    assert_eq!(ask("sort_key=name&sort_dir=asc&offset=1&limit=2").await, ["b", "c"]);
    assert_eq!(ask("limit=0").await, [""; 0]);
    assert_eq!(ask("name=b").await, ["b"]);
    assert_eq!(ask("status=null").await, [""; 0]);
    assert_eq!(ask("created_at=gt:2001-01-01T00:00:00,lt:2001-02-01T00:00:00").await, [""; 0]);
    assert_eq!(ask("updated_at=gte:2001-01-01T00:00:00Z&name=b").await, ["b"]);
    assert_eq!(ask("metadata=%7B%27name%27%3A+%27c%27%7D").await, ["c"]);
    assert_eq!(ask("metadata=%7B%22Type%22%3A%22work%22%2C%22name%22%3A%22a%22%7D").await, ["a"]);
    assert_eq!(ask("metadata=%7B%22x%5C%22%22%3A%22c%22%7D").await, [""; 0]);
    assert_eq!(ask("name~=%25").await, [""; 0]);
    assert_eq!(cloud.member.get("/v3/volumes?with_count=true&limit=1").await.json["count"], 4);
    for (query, status) in [
        ("limit=-1", 400),
        ("limit=x", 400),
        ("sort_key=nothing", 400),
        ("metadata=nonsense", 400),
        ("created_at=gt:yesterday", 400),
        ("marker=nonsense", 404),
        ("offset=-1", 400),
        (&format!("marker={}", uuid::Uuid::new_v4()), 404),
    ] {
        assert_eq!(cloud.member.get(&format!("/v3/volumes?{query}")).await.status, status, "{query}");
    }
}

#[tokio::test]
async fn only_administrators_see_all_projects() {
    let cloud = Cloud::idle().await;
    let id = cloud.begin(json!({})).await;
    let stranger = cloud.member.with_token("stranger");
    assert_eq!(names(&stranger.get("/v3/volumes?all_tenants=1").await.json), [""; 0]);
    assert_eq!(names(&cloud.admin.get("/v3/volumes").await.json), [""; 0]);
    assert_eq!(names(&cloud.admin.get("/v3/volumes?all_tenants=1&project_id=p1").await.json), ["disk"]);
    let summary = cloud.member.get("/v3/volumes/summary").await;
    assert_eq!(summary.json["volume-summary"], json!({"total_count": 1, "total_size": 1, "metadata": {}}));
    expect(&cloud.member.get(&format!("/v3/volumes/{id}/encryption")).await, 200);
}
