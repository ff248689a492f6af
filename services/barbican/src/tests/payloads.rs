use http::Method;

use super::*;

#[tokio::test]
async fn a_payload_comes_back_as_it_was_given() {
    let member = member().await;
    let path = secret(&member, text("hunter2")).await;
    let got = member.get(&format!("{path}/payload")).await;
    assert_eq!((got.status.as_u16(), &got.bytes[..]), (200, &b"hunter2"[..]));
    assert_eq!(got.headers["content-type"], "application/octet-stream");
    let got = member.with_header("accept", "text/plain").get(&format!("{path}/payload")).await;
    assert_eq!(got.headers["content-type"], "text/plain; charset=utf-8");
    let got = member.with_header("accept", "text/plain").get(&path).await;
    assert_eq!(got.bytes, b"hunter2");
    fault(&member.with_header("accept", "image/png").get(&format!("{path}/payload")).await, 406);
}

#[tokio::test]
async fn a_payload_is_given_once_in_a_second_step() {
    let member = member().await;
    let path = secret(&member, json!({"name": "later"})).await;
    fault(&member.get(&format!("{path}/payload")).await, 404);
    assert!(member.get(&path).await.json.get("content_types").is_none());
    let put = async |kind: Option<&'static str>, body: &[u8]| {
        member.send_bytes(Method::PUT, &path, kind, body.to_vec()).await
    };
    fault(&put(Some("application/json"), b"{}").await, 415);
    fault(&put(None, b"x").await, 415);
    fault(&put(Some("text/plain"), b"").await, 400);
    fault(&put(Some("text/plain"), &[0xff]).await, 400);
    fault(&put(Some("text/plain"), &[b'x'; 20_001]).await, 413);
    assert_eq!(put(Some("application/octet-stream"), &[0, 0xff]).await.status, 204);
    fault(&put(Some("text/plain"), b"again").await, 409);
    assert_eq!(member.get(&format!("{path}/payload")).await.bytes, [0, 0xff]);
    fault(&member.with_header("accept", "text/plain").get(&format!("{path}/payload")).await, 406);
}

#[tokio::test]
async fn a_body_in_base64_is_decoded() {
    let member = member().await;
    let path = secret(&member, json!({})).await;
    let encoded = member.with_header("content-encoding", "base64");
    let kind = Some("application/octet-stream");
    fault(&encoded.send_bytes(Method::PUT, &path, kind, b"%%".to_vec()).await, 400);
    assert_eq!(encoded.send_bytes(Method::PUT, &path, kind, b"aGk=".to_vec()).await.status, 204);
    assert_eq!(member.get(&format!("{path}/payload")).await.bytes, b"hi");
}

#[tokio::test]
async fn no_payload_is_in_the_database_as_it_was_given() {
    use sea_orm::EntityTrait;

    let (barbican, member) = with(Config::default()).await;
    secret(&member, text("hunter2")).await;
    let rows = crate::model::payload::Entity::find().all(barbican.db.read()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].sealed.windows(7).any(|part| part == b"hunter2"));
    assert!(!format!("{rows:?}").contains("sealed"));
}
