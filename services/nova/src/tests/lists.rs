use serde_json::json;

use crate::testing::Cloud;

#[tokio::test(flavor = "multi_thread")]
async fn servers_are_filtered_sorted_and_paged() {
    let cloud = Cloud::new().await;
    let mut body = cloud.server("many");
    body["server"]["min_count"] = json!(3);
    assert_eq!(cloud.newest("member").post("/v2.1/servers", body).await.status, 202);
    let client = cloud.newest("member");
    let names = async |query: &str| -> Vec<String> {
        let list = client.get(&format!("/v2.1/servers{query}")).await;
        assert_eq!(list.status, 200, "{query}: {}", list.json);
        let servers = list.json["servers"].as_array().unwrap().clone();
        servers.iter().map(|server| server["name"].as_str().unwrap().to_owned()).collect()
    };
    cloud.until("all are there", async || names("?status=ACTIVE").await.len() == 3).await;
    assert_eq!(names("?sort_key=display_name&sort_dir=asc").await, ["many-1", "many-2", "many-3"]);
    assert_eq!(names("?name=many-[12]&sort_key=display_name&sort_dir=asc").await, ["many-1", "many-2"]);
    assert_eq!(names("?name=MANY-3").await, ["many-3"]);
    assert!(names("?name=none").await.is_empty());
    assert!(names("?status=NOSUCH").await.is_empty());
    assert!(names("?flavor=2").await.is_empty());
    assert_eq!(names(&format!("?image={}&flavor=1", cloud.images.usual())).await.len(), 3);
    assert!(names("?changes-since=2099-01-01T00:00:00Z").await.is_empty());
    assert_eq!(names("?ip=10.0.0.1").await.len(), 3);
    let first = client.get("/v2.1/servers?limit=2&sort_key=display_name&sort_dir=asc").await;
    let next = first.json["servers_links"][0]["href"].as_str().unwrap();
    let query = next.split_once('?').unwrap().1;
    assert_eq!(names(&format!("?{query}")).await, ["many-3"]);
    assert_eq!(names("?name=many-.&limit=1").await.len(), 1);
    for query in ["?limit=-1", "?limit=x", "?changes-since=x", "?marker=none", "?sort_key=secret", "?name=("]
    {
        assert_eq!(client.get(&format!("/v2.1/servers{query}")).await.status, 400, "{query}");
    }
    assert_eq!(client.get("/v2.1/servers?all_tenants=1").await.status, 403);
    assert_eq!(client.get("/v2.1/servers?status=DELETED").await.status, 403);
    let all = cloud.newest("admin").get("/v2.1/servers?all_tenants=1&project_id=p1").await;
    assert_eq!(all.json["servers"].as_array().unwrap().len(), 3);
    // What an administrator may filter by, others can't.
    assert_eq!(names("?host=none").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_gone_are_listed_to_administrators_and_since_a_time() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    cloud.newest("member").delete(&format!("/v2.1/servers/{id}")).await;
    cloud.gone(&id).await;
    let admin = cloud.newest("admin");
    let gone = admin.get("/v2.1/servers/detail?deleted=true&all_tenants=1").await;
    assert_eq!(gone.json["servers"][0]["status"], "DELETED");
    let since = cloud.newest("member").get("/v2.1/servers/detail?changes-since=2020-01-01T00:00:00Z").await;
    assert_eq!(since.json["servers"][0]["id"], json!(id));
    assert!(cloud.newest("member").get("/v2.1/servers").await.json["servers"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_no_servers_is_empty() {
    let cloud = Cloud::new().await;
    cloud.active("one").await;
    let listed = cloud.newest("member").get("/v2.1/servers?limit=0").await;
    assert_eq!(listed.json, json!({"servers": []}));
}
