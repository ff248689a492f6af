use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

async fn stage(lab: &Lab, id: &str, content: Vec<u8>) -> Answer {
    octets(&lab.member(), &format!("/v2/images/{id}/stage"), content).await
}

async fn import(lab: &Lab, id: &str, method: Value) -> Answer {
    lab.member().post(&format!("/v2/images/{id}/import"), json!({"method": method})).await
}

async fn tasks(lab: &Lab, id: &str) -> Vec<Value> {
    lab.member().get(&format!("/v2/images/{id}/tasks")).await.json["tasks"].as_array().unwrap().clone()
}

#[tokio::test]
async fn staged_content_is_imported() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({})).await;
    let early = import(&lab, &id, json!({"name": "glance-direct"})).await;
    assert_eq!(early.status, 409);
    assert_eq!(stage(&lab, &id, vec![3; 500]).await.status, 204);
    let shown = lab.show(&id).await;
    assert_eq!((&shown["status"], &shown["size"]), (&json!("uploading"), &json!(500)));
    assert_eq!(lab.member().get(&format!("/v2/images/{id}/file")).await.status, 204);
    let accepted = import(&lab, &id, json!({"name": "glance-direct"})).await;
    assert_eq!(accepted.status, 202);
    lab.eventually("it is active", async |lab| lab.show(&id).await["status"] == "active").await;
    lab.eventually("the task ends", async |lab| tasks(lab, &id).await[0]["status"] == "success").await;
    let task = &tasks(&lab, &id).await[0];
    assert_eq!(task["request_id"], accepted.headers["x-openstack-request-id"].to_str().unwrap());
    assert_eq!(task["input"]["import_req"]["method"]["name"], "glance-direct");
    assert_eq!(lab.member().get(&format!("/v2/images/{id}/file")).await.bytes, vec![3; 500]);
    assert_eq!(import(&lab, &id, json!({"name": "glance-direct"})).await.status, 409);
}

#[tokio::test]
async fn an_import_that_is_refused_ends_queued_and_says_why() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({"disk_format": "qcow2"})).await;
    assert_eq!(stage(&lab, &id, vec![3; 500]).await.status, 204);
    assert_eq!(import(&lab, &id, json!({"name": "glance-direct"})).await.status, 202);
    lab.eventually("the task fails", async |lab| tasks(lab, &id).await[0]["status"] == "failure").await;
    let shown = lab.show(&id).await;
    assert_eq!(
        (&shown["status"], &shown["size"], &shown["os_glance_failed_import"]),
        (&json!("queued"), &json!(null), &json!("local"))
    );
    assert!(
        tasks(&lab, &id).await[0]["message"].as_str().unwrap().contains("does not match stream data raw")
    );
    lab.eventually("the file goes", async |lab| lab.files().is_empty()).await;
}

#[tokio::test]
async fn a_staged_image_can_be_deleted() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({})).await;
    assert_eq!(stage(&lab, &id, vec![3; 500]).await.status, 204);
    assert_eq!(stage(&lab, &id, vec![3; 500]).await.status, 409);
    assert_eq!(lab.member().delete(&format!("/v2/images/{id}")).await.status, 204);
    lab.eventually("the file goes", async |lab| lab.files().is_empty()).await;
}

#[tokio::test]
async fn an_import_goes_on_where_a_dead_process_left_it() {
    let db = Database::temporary::<Migrations>("glance").await.unwrap();
    let lab = Lab::on(Config::default(), db.clone(), tempfile::tempdir().unwrap()).await;
    let id = lab.queued(json!({})).await;
    assert_eq!(stage(&lab, &id, vec![3; 500]).await.status, 204);
    lab.cancel.cancel();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(import(&lab, &id, json!({"name": "glance-direct"})).await.status, 202);
    // It had handed the file to the store, and then ended.
    let content = lab.files().remove(0);
    let kept = lab.folder.path().join("images").join(content.file_name().unwrap());
    std::fs::rename(&content, kept).unwrap();
    let config = Config { folder: Some(lab.folder.path().to_owned()), ..Config::default() };
    let next = Lab::on(config, db, tempfile::tempdir().unwrap()).await;
    next.eventually("it is active", async |next| next.show(&id).await["status"] == "active").await;
}

#[tokio::test]
async fn nonsense_is_refused() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({})).await;
    let path = format!("/v2/images/{id}/import");
    for body in [
        json!({}),
        json!({"method": {}}),
        json!({"method": {"name": "telepathy"}}),
        json!({"method": {"name": "copy-image"}}),
        json!({"method": {"name": "glance-direct"}, "all_stores": "yes"}),
        json!([]),
    ] {
        assert_eq!(lab.member().post(&path, body.clone()).await.status, 400, "{body}");
    }
}

/// A web server that answers once.
async fn web(answer: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let _ = stream.read(&mut request).await;
        stream.write_all(&answer).await.unwrap();
    });
    port
}

fn open_to(host: &str) -> Config {
    Config { web_download: true, web_download_hosts: vec![host.into()], ..Config::default() }
}

#[tokio::test]
async fn ossa_2026_004_nothing_is_fetched_from_the_web_unless_it_is_opened() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({})).await;
    let method = json!({"name": "web-download", "uri": "http://example.org/x"});
    assert_eq!(import(&lab, &id, method).await.status, 400);
    let open = Lab::with(Config { web_download: true, ..Config::default() }).await;
    let id = open.queued(json!({})).await;
    for uri in [
        "http://127.0.0.1/x",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "http://example.org:22/",
        "",
    ] {
        let refused = import(&open, &id, json!({"name": "web-download", "uri": uri})).await;
        assert_eq!(refused.status, 400, "{uri}");
    }
    // A name that leads inside is refused when it is looked up.
    let accepted = import(&open, &id, json!({"name": "web-download", "uri": "http://127.1/x"})).await;
    assert_eq!(accepted.status, 202);
    open.eventually("the task fails", async |open| tasks(open, &id).await[0]["status"] == "failure").await;
    assert_eq!(open.show(&id).await["status"], "queued");
}

#[tokio::test]
async fn an_image_is_fetched_from_a_host_that_the_operator_named() {
    let lab = Lab::with(open_to("127.0.0.1")).await;
    let port = web([&b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"[..], &[9; 500]].concat()).await;
    let id = lab.queued(json!({})).await;
    let method = json!({"name": "web-download", "uri": format!("http://127.0.0.1:{port}/image")});
    assert_eq!(import(&lab, &id, method).await.status, 202);
    lab.eventually("it is active", async |lab| lab.show(&id).await["status"] == "active").await;
    assert_eq!(lab.show(&id).await["size"], 500);
}

#[tokio::test]
async fn ossa_2026_004_redirections_are_not_followed_and_cut_content_is_refused() {
    let lab = Lab::with(open_to("127.0.0.1")).await;
    for answer in [
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:22/\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nshort",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
    ] {
        let port = web(answer.as_bytes().to_vec()).await;
        let id = lab.queued(json!({})).await;
        let method = json!({"name": "web-download", "uri": format!("http://127.0.0.1:{port}/image")});
        assert_eq!(import(&lab, &id, method).await.status, 202);
        lab.eventually("the task fails", async |lab| tasks(lab, &id).await[0]["status"] == "failure").await;
        assert_eq!(lab.show(&id).await["status"], "queued");
    }
    lab.eventually("the files go", async |lab| lab.files().is_empty()).await;
}

#[tokio::test]
async fn an_administrators_task_makes_an_image_from_the_web() {
    let lab = Lab::with(open_to("127.0.0.1")).await;
    let port = web([&b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"[..], &[9; 500]].concat()).await;
    let body = |uri: String| {
        json!({"type": "import", "input": {"import_from": uri, "import_from_format": "raw",
            "image_properties": {"name": "imported"}}})
    };
    let admin = lab.as_("admin");
    assert_eq!(lab.member().post("/v2/tasks", body("http://127.0.0.1/".into())).await.status, 403);
    assert_eq!(admin.post("/v2/tasks", body("file:///etc/passwd".into())).await.status, 400);
    assert_eq!(admin.post("/v2/tasks", json!({"type": "import"})).await.status, 400);
    let made = admin.post("/v2/tasks", body(format!("http://127.0.0.1:{port}/x"))).await;
    assert_eq!((made.status.as_u16(), &made.json["status"]), (201, &json!("pending")));
    let path = format!("/v2/tasks/{}", made.json["id"].as_str().unwrap());
    lab.eventually("the task ends", async |lab| {
        lab.as_("admin").get(&path).await.json["status"] == "success"
    })
    .await;
    let task = admin.get(&path).await.json;
    let image = lab.show(task["result"]["image_id"].as_str().unwrap()).await;
    assert_eq!((&image["status"], &image["name"]), (&json!("active"), &json!("imported")));
}
