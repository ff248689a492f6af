use std::net::SocketAddr;

use platform::db::owned::Inside;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{model::server, testing::Cloud};

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

/// A log in memory.
#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

// On one thread, so that all that is logged goes where this test looks.
#[tokio::test]
async fn ossa_2020_001_console_tokens_never_reach_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let body = json!({"remote_console": {"protocol": "vnc", "type": "novnc"}});
    let answer = cloud.newest("member").post(&format!("/v2.1/servers/{id}/remote-consoles"), body).await;
    let url = answer.json["remote_console"]["url"].as_str().unwrap();
    let token = url.rsplit("%3D").next().unwrap();
    let address = serve(&cloud).await;
    assert!(shake(address, token, "http://127.0.0.1:8780", 12).await.contains("RFB"));
    assert!(shake(address, token, "http://evil.example", 0).await.starts_with("HTTP/1.1 403"));
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("/remote-consoles"), "nothing was logged");
    assert!(text.contains("another origin"));
    assert!(!text.contains(token));
}

async fn serve(cloud: &Cloud) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = platform::part::Part::router(cloud.nova.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Asks for a websocket as a browser does; the answer's head, and `length` bytes of the first frame if there is one.
async fn shake(address: SocketAddr, token: &str, origin: &str, length: usize) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /novnc/websockify?token={token} HTTP/1.1\r\nHost: {address}\r\nOrigin: {origin}\r\n\
         Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: binary\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0; 1024];
    let enough = |seen: &[u8]| {
        let head = seen.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        head.is_some_and(|head| seen.len() >= head + 2 + length || length == 0)
    };
    while !enough(&seen) {
        match stream.read(&mut buffer).await.unwrap() {
            0 => break,
            length => seen.extend(&buffer[..length]),
        }
    }
    String::from_utf8_lossy(&seen).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_speaks_rfb_through_the_websocket() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let address = serve(&cloud).await;
    let sealed = server::find(cloud.nova.db.read(), &id).await.unwrap();
    let server = sealed.inside(&Inside::because("a test has no caller")).unwrap();
    let token = crate::console::issue(&cloud.nova, &server).await.unwrap();
    let open = shake(address, &token, "http://127.0.0.1:8780", 12).await;
    assert!(open.starts_with("HTTP/1.1 101"), "{open}");
    assert!(open.to_lowercase().contains("sec-websocket-protocol: binary"));
    assert!(open.contains("RFB 003.008"));
    // A token that does not hold is told by closing.
    let closed = shake(address, "bad", "http://127.0.0.1:8780", 12).await;
    assert!(closed.starts_with("HTTP/1.1 101"));
    assert!(!closed.contains("RFB"));
}
