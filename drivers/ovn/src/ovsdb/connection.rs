//! One connection to a server, from connecting to breaking: requests, answers, notifications, and echoes both ways.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{mpsc, oneshot},
};

use super::{
    OvsdbError,
    endpoint::{Reader, Writer},
    framing::Framer,
};

/// After so long without a word from the server it is asked for one.
const QUIET: Duration = Duration::from_secs(5);
/// After so long it is given up.
const DEAD: Duration = Duration::from_secs(20);

pub(super) type Answer = oneshot::Sender<Result<Value, OvsdbError>>;

/// What comes from the server.
pub(super) enum Incoming {
    /// A notification.
    Notification { method: String, params: Value },
    /// The answer to the request of that number.
    Answer { id: u64, result: Result<Value, OvsdbError> },
}

/// A connection. Dropping it closes it; answers that are still awaited are then never given.
pub(super) struct Connection {
    reader: Reader,
    framer: Framer,
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
    next_id: u64,
    pending: HashMap<u64, Answer>,
    heard: Instant,
    asked: bool,
}

impl Connection {
    pub(super) fn new(reader: Reader, mut writer: Writer) -> Self {
        let (outgoing, mut queue) = mpsc::unbounded_channel::<Vec<u8>>();
        // Writing has a task of its own: a server that waits for us to read must not find us waiting for it to read.
        tokio::spawn(async move {
            while let Some(bytes) = queue.recv().await {
                if writer.write_all(&bytes).await.is_err() {
                    break;
                }
            }
            let _ = writer.shutdown().await;
        });
        Connection {
            reader,
            framer: Framer::default(),
            outgoing,
            next_id: 0,
            pending: HashMap::new(),
            heard: Instant::now(),
            asked: false,
        }
    }

    /// Sends a request; the answer comes later, by [`Incoming::Answer`] or to the one who waits for it.
    pub(super) fn request(&mut self, method: &str, params: &Value, answer: Option<Answer>) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({"id": id, "method": method, "params": params}));
        if let Some(answer) = answer {
            self.pending.insert(id, answer);
        }
        id
    }

    fn send(&self, message: &Value) {
        // When the writing task has ended the connection is broken, which reading finds out.
        let _ = self.outgoing.send(message.to_string().into_bytes());
    }

    /// The next thing that concerns the caller. Cancel-safe. Answers for those who wait, and echoes, are handled within.
    pub(super) async fn next(&mut self) -> Result<Incoming, OvsdbError> {
        loop {
            while let Some(message) = self.framer.next()? {
                if let Some(incoming) = self.handle(message) {
                    return Ok(incoming);
                }
            }
            let patience = if self.asked { DEAD } else { QUIET };
            let wait = patience.saturating_sub(self.heard.elapsed());
            match tokio::time::timeout(wait, self.reader.read_buf(self.framer.buffer())).await {
                Ok(Ok(0)) => return Err(OvsdbError::Protocol("the server closed the connection".to_owned())),
                Ok(Ok(_)) => {
                    self.heard = Instant::now();
                    self.asked = false;
                }
                Ok(Err(error)) => return Err(OvsdbError::Protocol(error.to_string())),
                Err(_) if self.asked => return Err(OvsdbError::Protocol("the server is silent".to_owned())),
                Err(_) => {
                    self.asked = true;
                    self.send(&json!({"id": "echo", "method": "echo", "params": []}));
                }
            }
        }
    }

    fn handle(&mut self, mut message: Value) -> Option<Incoming> {
        if let Some(method) = message.get("method").and_then(Value::as_str).map(str::to_owned) {
            let params = message["params"].take();
            if method == "echo" {
                self.send(&json!({"id": message["id"], "result": params, "error": null}));
                return None;
            }
            return Some(Incoming::Notification { method, params });
        }
        let id = message["id"].as_u64()?;
        let result = match message["error"].take() {
            Value::Null => Ok(message["result"].take()),
            error => Err(refusal(&error)),
        };
        match self.pending.remove(&id) {
            Some(answer) => {
                let _ = answer.send(result);
                None
            }
            None => Some(Incoming::Answer { id, result }),
        }
    }
}

/// JSON-RPC leaves open what an error is; OVSDB gives a text or an object.
fn refusal(error: &Value) -> OvsdbError {
    let name = error.as_str().or_else(|| error["error"].as_str()).unwrap_or("error");
    let details = error["details"].as_str().map_or_else(|| error.to_string(), str::to_owned);
    OvsdbError::Refused { error: name.to_owned(), details }
}
