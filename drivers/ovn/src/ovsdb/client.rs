//! A client that stays connected: the connection, the replica, and what happens when one breaks.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::{
    Change, Endpoint, Monitored, OvsdbError, Replica, Row, Transaction,
    connection::{Answer, Connection, Incoming},
    schema,
};

/// A transaction that has no answer after so long is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// A call made while the connection is being made waits for it so long.
const CONNECTING: Duration = Duration::from_secs(2);
const FIRST_BACK_OFF: Duration = Duration::from_millis(20);
const LAST_BACK_OFF: Duration = Duration::from_secs(2);

/// What a client tells of its database. It is told while the replica is locked: whoever listens must be quick and must
/// not read the replica.
pub enum Notice<'a> {
    /// A row changed.
    Row {
        /// Its table.
        table: &'a str,
        /// Its UUID.
        id: Uuid,
        /// How.
        change: Change<'a>,
        /// The row as it is now, or was.
        row: &'a Row,
    },
    /// The replica was taken anew: at the first connection and after each loss.
    Synchronised,
}

type Listener = Arc<dyn Fn(Notice<'_>) + Send + Sync>;

struct Call {
    method: &'static str,
    params: Value,
    answer: Answer,
}

/// A client of one database. Dropping it closes the connection.
pub struct Client {
    endpoint: Endpoint,
    database: &'static str,
    calls: mpsc::UnboundedSender<Call>,
    connected: watch::Receiver<bool>,
    replica: Arc<RwLock<Replica>>,
    sent: AtomicU64,
}

impl Client {
    /// Begins to connect, and returns at once.
    pub fn start(
        endpoint: Endpoint,
        database: &'static str,
        monitored: Vec<Monitored>,
        listener: impl Fn(Notice<'_>) + Send + Sync + 'static,
    ) -> Self {
        let (calls, queue) = mpsc::unbounded_channel();
        let (state, connected) = watch::channel(false);
        let replica = Arc::new(RwLock::new(Replica::default()));
        let session = Session {
            endpoint: endpoint.clone(),
            database,
            monitored,
            listener: Arc::new(listener),
            replica: replica.clone(),
            connected: state,
        };
        tokio::spawn(session.run(queue));
        Client { endpoint, database, calls, connected, replica, sent: AtomicU64::new(0) }
    }

    /// Waits until the replica is there.
    pub async fn ready(&self, patience: Duration) -> Result<(), OvsdbError> {
        let mut connected = self.connected.clone();
        match tokio::time::timeout(patience, connected.wait_for(|connected| *connected)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(self.disconnected("not connected yet")),
        }
    }

    /// Reads the replica. The closure must not wait for anything.
    pub fn read<R>(&self, look: impl FnOnce(&Replica) -> R) -> R {
        look(&self.replica.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends a transaction and waits until it is done. An empty one is done already.
    pub async fn transact(&self, transaction: &Transaction) -> Result<(), OvsdbError> {
        if transaction.is_empty() {
            return Ok(());
        }
        self.sent.fetch_add(1, Ordering::Relaxed);
        let result = self.call("transact", transaction.to_params(self.database)).await?;
        transaction.check(&result)
    }

    /// How many transactions were sent, for tests and metrics.
    pub fn transactions_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    async fn call(&self, method: &'static str, params: Value) -> Result<Value, OvsdbError> {
        if !*self.connected.borrow() {
            self.ready(CONNECTING).await?;
        }
        let (answer, result) = oneshot::channel();
        let call = Call { method, params, answer };
        self.calls.send(call).map_err(|_| self.disconnected("the client has ended"))?;
        match tokio::time::timeout(PATIENCE, result).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(self.disconnected("the connection broke before the answer")),
            Err(_) => Err(self.disconnected("no answer in time")),
        }
    }

    fn disconnected(&self, reason: &str) -> OvsdbError {
        OvsdbError::Disconnected { endpoint: self.endpoint.to_string(), reason: reason.to_owned() }
    }
}

/// How the server tells of changes: the newest way that it knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MonitorMethod {
    CondSince,
    Cond,
    Plain,
}

struct Session {
    endpoint: Endpoint,
    database: &'static str,
    monitored: Vec<Monitored>,
    listener: Listener,
    replica: Arc<RwLock<Replica>>,
    connected: watch::Sender<bool>,
}

impl Session {
    async fn run(self, mut calls: mpsc::UnboundedReceiver<Call>) {
        let mut back_off = FIRST_BACK_OFF;
        let mut reported = false;
        for attempt in 0.. {
            match self.once(attempt, &mut calls, &mut back_off, &mut reported).await {
                Ok(()) => return,
                // One line for each loss, not for each attempt.
                Err(error) if !reported => {
                    reported = true;
                    tracing::warn!(endpoint = %self.endpoint, database = self.database, %error, "OVSDB: no connection, trying again");
                }
                Err(_) => {}
            }
            let _ = self.connected.send(false);
            // Calls that were made for the broken connection are answered by an error, not kept for the next one.
            while let Ok(call) = calls.try_recv() {
                drop(call);
            }
            if calls.is_closed() {
                return;
            }
            tokio::time::sleep(back_off).await;
            back_off = (back_off * 2).min(LAST_BACK_OFF);
        }
    }

    /// One connection from beginning to end. `Ok` when the client was dropped.
    async fn once(
        &self,
        attempt: usize,
        calls: &mut mpsc::UnboundedReceiver<Call>,
        back_off: &mut Duration,
        reported: &mut bool,
    ) -> Result<(), OvsdbError> {
        let connecting = tokio::time::timeout(Duration::from_secs(10), self.endpoint.connect(attempt));
        let (reader, writer) = match connecting.await {
            Ok(Ok(halves)) => halves,
            Ok(Err(error)) => return Err(OvsdbError::Protocol(error.to_string())),
            Err(_) => return Err(OvsdbError::Protocol("no answer to the attempt to connect".to_owned())),
        };
        let mut connection = Connection::new(reader, writer);
        self.synchronise(&mut connection).await?;
        if *reported {
            tracing::info!(endpoint = %self.endpoint, database = self.database, "OVSDB: connected");
        }
        (*back_off, *reported) = (FIRST_BACK_OFF, false);
        let _ = self.connected.send(true);
        loop {
            tokio::select! {
                call = calls.recv() => match call {
                    Some(call) => { connection.request(call.method, &call.params, Some(call.answer)); }
                    None => return Ok(()),
                },
                incoming = connection.next() => if let Incoming::Notification { method, params } = incoming? {
                    self.notified(&method, &params)?;
                },
            }
        }
    }

    /// Takes the schema and the whole content, and puts the new replica in the old one's place.
    async fn synchronise(&self, connection: &mut Connection) -> Result<(), OvsdbError> {
        let described = self.ask(connection, "get_schema", json!([self.database])).await?;
        let schema = schema::parse(&described)?;
        let (method, content) = self.monitor(connection, &described).await?;
        let mut fresh = Replica::new(&self.monitored, schema);
        match method {
            MonitorMethod::CondSince => fresh.apply(&content[2], |_, _, _, _| {})?,
            MonitorMethod::Cond => fresh.apply(&content, |_, _, _, _| {})?,
            MonitorMethod::Plain => fresh.apply_plain(&content, |_, _, _, _| {})?,
        }
        *self.replica.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        (self.listener)(Notice::Synchronised);
        Ok(())
    }

    async fn monitor(
        &self,
        connection: &mut Connection,
        schema: &Value,
    ) -> Result<(MonitorMethod, Value), OvsdbError> {
        let requests = self.monitor_requests(schema);
        let ways = [
            (
                MonitorMethod::CondSince,
                "monitor_cond_since",
                json!([self.database, "pileus", requests, Uuid::nil()]),
            ),
            (MonitorMethod::Cond, "monitor_cond", json!([self.database, "pileus", requests])),
        ];
        for (way, method, params) in ways {
            match self.ask(connection, method, params).await {
                Ok(content) => return Ok((way, content)),
                Err(OvsdbError::Refused { error, .. }) if error == "unknown method" => {}
                Err(error) => return Err(error),
            }
        }
        let content = self.ask(connection, "monitor", json!([self.database, "pileus", requests])).await?;
        Ok((MonitorMethod::Plain, content))
    }

    /// Tables and columns that this server's schema does not have (an older release) aren't asked for.
    fn monitor_requests(&self, schema: &Value) -> Value {
        let mut requests = serde_json::Map::new();
        for monitored in &self.monitored {
            let known = &schema["tables"][monitored.table]["columns"];
            let columns: Vec<&str> =
                monitored.columns.iter().copied().filter(|column| known.get(*column).is_some()).collect();
            if known.is_object() {
                requests.insert(monitored.table.to_owned(), json!([{"columns": columns}]));
            }
        }
        Value::Object(requests)
    }

    /// Asks and waits, before the connection is given to callers.
    async fn ask(
        &self,
        connection: &mut Connection,
        method: &str,
        params: Value,
    ) -> Result<Value, OvsdbError> {
        let id = connection.request(method, &params, None);
        let asking = async {
            loop {
                match connection.next().await? {
                    Incoming::Answer { id: answered, result } if answered == id => return result,
                    _ => {}
                }
            }
        };
        match tokio::time::timeout(PATIENCE * 2, asking).await {
            Ok(result) => result,
            Err(_) => Err(OvsdbError::Protocol(format!("no answer to {method}"))),
        }
    }

    fn notified(&self, method: &str, params: &Value) -> Result<(), OvsdbError> {
        let tell = |table: &str, id: Uuid, change: Change<'_>, row: &Row| {
            (self.listener)(Notice::Row { table, id, change, row })
        };
        let mut replica = self.replica.write().unwrap_or_else(PoisonError::into_inner);
        match method {
            "update3" => replica.apply(&params[2], tell),
            "update2" => replica.apply(&params[1], tell),
            "update" => replica.apply_plain(&params[1], tell),
            "monitor_canceled" => {
                Err(OvsdbError::Protocol("the server stopped telling of changes".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{UnixListener, UnixStream},
    };

    use super::*;
    use crate::ovsdb::{Columns, Datum, framing::Framer};

    const ROW: Uuid = Uuid::from_u128(7);

    /// A server that a test plays: it takes one message and says one.
    struct Server {
        stream: UnixStream,
        framer: Framer,
    }

    impl Server {
        async fn accept(listener: &UnixListener) -> Self {
            Server { stream: listener.accept().await.unwrap().0, framer: Framer::default() }
        }

        async fn hear(&mut self) -> Value {
            loop {
                if let Some(message) = self.framer.next().unwrap() {
                    return message;
                }
                assert_ne!(
                    self.stream.read_buf(self.framer.buffer()).await.unwrap(),
                    0,
                    "the client went away"
                );
            }
        }

        async fn say(&mut self, message: Value) {
            self.stream.write_all(message.to_string().as_bytes()).await.unwrap();
        }

        async fn answer(&mut self, method: &str, result: Value) {
            let asked = self.hear().await;
            assert_eq!(asked["method"], method);
            self.say(json!({"id": asked["id"], "result": result, "error": null})).await;
        }

        async fn refuse(&mut self, method: &str) {
            let asked = self.hear().await;
            assert_eq!(asked["method"], method);
            self.say(json!({"id": asked["id"], "result": null, "error": "unknown method"})).await;
        }

        async fn schema(&mut self) {
            let columns = json!({"name": {"type": "string"}});
            self.answer("get_schema", json!({"tables": {"T": {"columns": columns}}})).await;
        }

        async fn synchronise(&mut self, name: &str) {
            self.schema().await;
            let content = json!([false, Uuid::nil(), {"T": {ROW.to_string(): {"initial": {"name": name}}}}]);
            self.answer("monitor_cond_since", content).await;
        }
    }

    fn start() -> (tempfile::TempDir, UnixListener, Arc<Client>, Arc<AtomicUsize>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sock");
        let listener = UnixListener::bind(&path).unwrap();
        let synchronised = Arc::new(AtomicUsize::new(0));
        let count = synchronised.clone();
        let monitored = vec![Monitored { table: "T", columns: &["name"], indexes: &[] }];
        let client = Client::start(Endpoint::unix(path), "Db", monitored, move |notice| {
            if matches!(notice, Notice::Synchronised) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        (directory, listener, Arc::new(client), synchronised)
    }

    fn name(client: &Client) -> String {
        client
            .read(|replica| replica.table("T").get(ROW).map(|row| row.text("name").to_owned()))
            .unwrap_or_default()
    }

    fn change() -> Transaction {
        let mut transaction = Transaction::default();
        transaction.insert("T", &Columns::from([("name", Datum::one("new"))]));
        transaction
    }

    #[tokio::test]
    async fn a_call_under_way_when_the_connection_breaks_fails_and_the_replica_is_taken_anew() {
        let (_directory, listener, client, synchronised) = start();
        let mut server = Server::accept(&listener).await;
        server.synchronise("first").await;
        client.ready(Duration::from_secs(5)).await.unwrap();
        assert_eq!(name(&client), "first");

        let caller = client.clone();
        let call = tokio::spawn(async move { caller.transact(&change()).await });
        assert_eq!(server.hear().await["method"], "transact");
        drop(server);
        assert!(matches!(call.await.unwrap(), Err(OvsdbError::Disconnected { .. })));

        let mut server = Server::accept(&listener).await;
        server.synchronise("second").await;
        client.ready(Duration::from_secs(5)).await.unwrap();
        assert_eq!(name(&client), "second");
        assert_eq!(synchronised.load(Ordering::Relaxed), 2);

        let caller = client.clone();
        let call = tokio::spawn(async move { caller.transact(&change()).await });
        server.answer("transact", json!([{"uuid": ["uuid", ROW]}])).await;
        call.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn an_update_before_an_answer_is_seen_by_whoever_gets_the_answer() {
        let (_directory, listener, client, _) = start();
        let mut server = Server::accept(&listener).await;
        server.synchronise("first").await;
        client.ready(Duration::from_secs(5)).await.unwrap();
        let caller = client.clone();
        let call = tokio::spawn(async move {
            caller.transact(&change()).await.unwrap();
            name(&caller)
        });
        let asked = server.hear().await;
        let update = json!({"T": {ROW.to_string(): {"modify": {"name": "changed"}}}});
        server.say(json!({"id": null, "method": "update3", "params": ["pileus", Uuid::nil(), update]})).await;
        server.say(json!({"id": asked["id"], "result": [{"uuid": ["uuid", ROW]}], "error": null})).await;
        assert_eq!(call.await.unwrap(), "changed");
    }

    #[tokio::test]
    async fn an_old_server_is_watched_by_the_plain_way_and_its_echo_is_answered() {
        let (_directory, listener, client, _) = start();
        let mut server = Server::accept(&listener).await;
        server.schema().await;
        server.refuse("monitor_cond_since").await;
        server.refuse("monitor_cond").await;
        server.answer("monitor", json!({"T": {ROW.to_string(): {"new": {"name": "plain"}}}})).await;
        client.ready(Duration::from_secs(5)).await.unwrap();
        assert_eq!(name(&client), "plain");

        server.say(json!({"id": "echo", "method": "echo", "params": ["x"]})).await;
        assert_eq!(server.hear().await, json!({"id": "echo", "result": ["x"], "error": null}));
        let update = json!({"T": {ROW.to_string(): {"old": {"name": "plain"}, "new": {"name": "newer"}}}});
        server.say(json!({"id": null, "method": "update", "params": ["pileus", update]})).await;
        server.say(json!({"id": "echo", "method": "echo", "params": []})).await;
        server.hear().await;
        assert_eq!(name(&client), "newer");
    }
}
