use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use http::Request;
use sea_orm::EntityTrait;
use serde_json::json;
use sha2::{Digest, Sha512};

use super::*;
use crate::model::content as rows;

#[tokio::test]
async fn what_goes_up_comes_down() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({})).await;
    let file = format!("/v2/images/{id}/file");
    let empty = lab.member().get(&file).await;
    assert_eq!((empty.status.as_u16(), empty.bytes.len()), (204, 0));
    let content: Vec<u8> = (0..3_000_000u32).map(|at| (at % 251) as u8).collect();
    assert_eq!(lab.upload(&id, content.clone()).await.status, 204);
    let shown = lab.show(&id).await;
    assert_eq!(
        (&shown["status"], &shown["size"], &shown["virtual_size"]),
        (&json!("active"), &json!(3_000_000), &json!(3_000_000))
    );
    assert_eq!((&shown["os_hash_algo"], &shown["stores"]), (&json!("sha512"), &json!("local")));
    let sum: String = Sha512::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(shown["os_hash_value"], sum);
    let down = lab.member().get(&file).await;
    assert_eq!(down.status, 200);
    assert!(down.bytes == content);
    assert_eq!(down.headers["content-length"], "3000000");
    assert_eq!(down.headers["content-md5"], shown["checksum"].as_str().unwrap());
    let part = lab.member().with_header("range", "bytes=10-19").get(&file).await;
    assert_eq!((part.status.as_u16(), &part.bytes[..]), (206, &content[10..20]));
    assert_eq!(part.headers["content-range"], "bytes 10-19/3000000");
    assert_eq!(lab.member().with_header("range", "bytes=3000000-").get(&file).await.status, 416);
}

#[tokio::test]
async fn content_comes_once_and_only_when_the_formats_are_known() {
    let lab = Lab::new().await;
    let id = lab.active(json!({})).await;
    assert_eq!(lab.upload(&id, vec![1]).await.status, 409);
    let bare = lab.member().post("/v2/images", json!({})).await.json["id"].as_str().unwrap().to_owned();
    assert_eq!(lab.upload(&bare, vec![1]).await.status, 400);
    assert_eq!(lab.show(&bare).await["status"], "queued");
    let path = format!("/v2/images/{bare}/file");
    let text = lab.member().send_bytes(Method::PUT, &path, Some("text/plain"), vec![1]).await;
    assert_eq!(text.status, 415);
}

#[tokio::test]
async fn what_is_refused_leaves_nothing_behind() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({})).await;
    let mut hidden = vec![0; 4096];
    hidden[..4].copy_from_slice(b"QFI\xfb");
    let refused = lab.upload(&id, hidden).await;
    assert_eq!(refused.status, 415);
    assert!(
        String::from_utf8_lossy(&refused.bytes).contains("disk_format raw does not match stream data qcow2")
    );
    let shown = lab.show(&id).await;
    assert_eq!(
        (&shown["status"], &shown["size"], &shown["checksum"]),
        (&json!("queued"), &json!(null), &json!(null))
    );
    lab.eventually("the file goes", async |lab| lab.files().is_empty()).await;
    lab.eventually("the row goes", async |lab| {
        rows::Entity::find().all(lab.service.db.read()).await.unwrap().is_empty()
    })
    .await;
    // And it may be tried again.
    assert_eq!(lab.upload(&id, vec![1; 10]).await.status, 204);
}

#[tokio::test]
async fn an_upload_that_ends_early_leaves_nothing_behind() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({})).await;
    let pieces: Vec<Result<Bytes, std::io::Error>> =
        vec![Ok(Bytes::from(vec![1; 1000])), Err(std::io::Error::other("connection lost"))];
    let request = |body: Body, size: &str| {
        Request::put(format!("/v2/images/{id}/file"))
            .header("x-auth-token", "member")
            .header("content-type", "application/octet-stream")
            .header("x-openstack-image-size", size)
            .body(body)
            .unwrap()
    };
    let broken = call(&lab.router, request(Body::from_stream(stream::iter(pieces)), "2000")).await;
    assert_eq!(broken.status(), 400);
    let short = call(
        &lab.router,
        request(
            Body::from_stream(stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![1; 1000]))])),
            "2000",
        ),
    )
    .await;
    assert_eq!(short.status(), 400);
    assert_eq!(lab.show(&id).await["status"], "queued");
    lab.eventually("the file goes", async |lab| lab.files().is_empty()).await;
}

/// Sends one request to a router.
async fn call(router: &axum::Router, request: Request<Body>) -> axum::response::Response {
    use tower::ServiceExt;
    router.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_fills_the_disk() {
    let lab = Lab::with(Config { max_image_size: 1000, ..Config::default() }).await;
    let id = lab.queued(json!({})).await;
    assert_eq!(lab.upload(&id, vec![1; 1001]).await.status, 413);
    assert_eq!(lab.show(&id).await["status"], "queued");
    lab.eventually("the file goes", async |lab| lab.files().is_empty()).await;
    assert_eq!(lab.upload(&id, vec![1; 1000]).await.status, 204);
}

#[tokio::test]
async fn a_deactivated_image_is_not_downloaded() {
    let lab = Lab::new().await;
    let id = lab.active(json!({})).await;
    let (file, action) = (format!("/v2/images/{id}/file"), format!("/v2/images/{id}/actions"));
    let client = lab.member();
    assert_eq!(client.post(&format!("{action}/deactivate"), json!({})).await.status, 204);
    assert_eq!(client.post(&format!("{action}/deactivate"), json!({})).await.status, 204);
    assert_eq!(lab.show(&id).await["status"], "deactivated");
    assert_eq!(client.get(&file).await.status, 403);
    assert_eq!(lab.as_("admin").get(&file).await.status, 200);
    assert_eq!(client.post(&format!("{action}/reactivate"), json!({})).await.status, 204);
    assert_eq!(client.get(&file).await.status, 200);
    let queued = lab.queued(json!({})).await;
    assert_eq!(client.post(&format!("/v2/images/{queued}/actions/deactivate"), json!({})).await.status, 403);
}

#[tokio::test]
async fn the_content_of_a_deleted_image_goes() {
    let lab = Lab::new().await;
    let id = lab.active(json!({})).await;
    assert_eq!(lab.files().len(), 1);
    assert_eq!(lab.member().delete(&format!("/v2/images/{id}")).await.status, 204);
    lab.eventually("the file goes", async |lab| lab.files().is_empty()).await;
}

#[tokio::test]
async fn an_image_deleted_during_its_upload_stays_deleted() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({})).await;
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let body = Body::from_stream(stream::unfold(receiver, |mut receiver| async move {
        Some((receiver.recv().await?, receiver))
    }));
    let request = Request::put(format!("/v2/images/{id}/file"))
        .header("x-auth-token", "member")
        .header("content-type", "application/octet-stream")
        .body(body)
        .unwrap();
    let router = lab.router.clone();
    let upload = tokio::spawn(async move { call(&router, request).await.status() });
    sender.send(Ok(Bytes::from_static(b"half"))).await.unwrap();
    lab.eventually("it is being saved", async |lab| lab.show(&id).await["status"] == "saving").await;
    assert_eq!(lab.member().delete(&format!("/v2/images/{id}")).await.status, 204);
    drop(sender);
    assert_eq!(upload.await.unwrap(), 410);
    lab.eventually("the file goes", async |lab| lab.files().is_empty()).await;
}

#[tokio::test]
async fn what_a_process_left_when_it_died_is_taken_back_at_the_next_start() {
    let db = Database::temporary::<Migrations>("glance").await.unwrap();
    let lab = Lab::on(Config::default(), db.clone(), tempfile::tempdir().unwrap()).await;
    let id = lab.queued(json!({})).await;
    // As if it had been killed in the middle of an upload.
    let content = uuid::Uuid::new_v4();
    let tx = db.write().await.unwrap();
    rows::begin(&*tx, content, id.parse().unwrap(), &lab.service.writer).await.unwrap();
    let test = platform::db::owned::Inside::because("a test sets a status");
    let image = crate::model::image::get(&*tx, id.parse().unwrap(), &test).await.unwrap();
    assert!(crate::model::image::advance(&tx, &image, "queued", "saving").await.unwrap());
    tx.commit().await.unwrap();
    std::fs::write(lab.folder.path().join("incoming").join(content.to_string()), b"half").unwrap();
    lab.cancel.cancel();
    let folder = tempfile::tempdir().unwrap();
    let path = lab.folder.path().to_owned();
    let config = Config { folder: Some(path), ..Config::default() };
    let next = Lab::on(config, db, folder).await;
    next.eventually("it is queued again", async |next| next.show(&id).await["status"] == "queued").await;
    lab.eventually("the file goes", async |lab| lab.files().is_empty()).await;
}

/// How fast content goes up and down: for the eye.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn speed() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({})).await;
    let piece = Bytes::from(vec![7u8; 256 << 10]);
    let pieces: Vec<Result<Bytes, std::io::Error>> = (0..4096).map(|_| Ok(piece.clone())).collect();
    let request = Request::put(format!("/v2/images/{id}/file"))
        .header("x-auth-token", "member")
        .header("content-type", "application/octet-stream")
        .body(Body::from_stream(stream::iter(pieces)))
        .unwrap();
    let started = std::time::Instant::now();
    assert_eq!(call(&lab.router, request).await.status(), 204);
    eprintln!("up: {:.0} MB/s", 1024.0 / started.elapsed().as_secs_f64());
    let started = std::time::Instant::now();
    let request = Request::get(format!("/v2/images/{id}/file"))
        .header("x-auth-token", "member")
        .body(Body::empty())
        .unwrap();
    let mut body = call(&lab.router, request).await.into_body().into_data_stream();
    let mut size = 0;
    use futures::StreamExt;
    while let Some(piece) = body.next().await {
        size += piece.unwrap().len();
    }
    assert_eq!(size, 1 << 30);
    eprintln!("down: {:.0} MB/s", 1024.0 / started.elapsed().as_secs_f64());
}
