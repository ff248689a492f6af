use axum::body::Body;
use http::Request;
use serde_json::json;
use tower::ServiceExt;

use crate::testing::Cloud;

#[tokio::test(flavor = "multi_thread")]
async fn a_console_is_opened_with_a_token_that_ends() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let body = json!({"remote_console": {"protocol": "vnc", "type": "novnc"}});
    let answer = cloud.newest("member").post(&format!("/v2.1/servers/{id}/remote-consoles"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let url = answer.json["remote_console"]["url"].as_str().unwrap();
    let start = "http://127.0.0.1:8780/compute/novnc/vnc_lite.html?path=compute/novnc/websockify%3Ftoken%3D";
    let token = url.strip_prefix(start).unwrap();
    let (server, host) = crate::console::redeem(&cloud.nova, token).await.unwrap().unwrap();
    assert_eq!((server.to_string(), host.as_str()), (id.clone(), "h1"));
    assert!(crate::console::redeem(&cloud.nova, "another").await.unwrap().is_none());
    // What is kept is no token.
    assert!(crate::console::redeem(&cloud.nova, &sha2_of(token)).await.unwrap().is_none());
    cloud.newest("member").delete(&format!("/v2.1/servers/{id}")).await;
    cloud.gone(&id).await;
    assert!(crate::console::redeem(&cloud.nova, token).await.unwrap().is_none());
}

fn sha2_of(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ossa_2020_001_a_console_s_address_never_reaches_the_log_of_requests() {
    // Requests are logged by path alone, and the websocket's route is beside the API's log altogether.
    let cloud = Cloud::new().await;
    let request = Request::get("/novnc/websockify?token=secret")
        .header("host", "127.0.0.1")
        .header("origin", "http://evil.example")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "x3JJHMbDL1EzLkh9GBhXDw==")
        .body(Body::empty())
        .unwrap();
    let answer = cloud.nova.clone().router().oneshot(request).await.unwrap();
    assert!(answer.status().is_client_error());
    let body = axum::body::to_bytes(answer.into_body(), 4096).await.unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_speaks_rfb_through_the_websocket() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = cloud.nova.clone().router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let server = uuid::Uuid::parse_str(&id).unwrap();
    let token = crate::console::issue(&cloud.nova, server).await.unwrap();
    for (token, expected) in [(token.as_str(), "RFB 003.008\n"), ("bad", "")] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /novnc/websockify?token={token} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: binary\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        let mut buffer = [0; 1024];
        let wanted = |seen: &[u8]| {
            let end = seen.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
            end.is_some_and(|end| seen.len() >= end + 2 + expected.len())
        };
        while !wanted(&seen) {
            let length = stream.read(&mut buffer).await.unwrap();
            if length == 0 {
                break;
            }
            seen.extend(&buffer[..length]);
        }
        let text = String::from_utf8_lossy(&seen);
        assert!(text.starts_with("HTTP/1.1 101"), "{text}");
        assert!(text.to_lowercase().contains("sec-websocket-protocol: binary"));
        assert_eq!(text.contains("RFB"), !expected.is_empty());
    }
}
