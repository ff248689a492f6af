//! The control sockets of Open vSwitch's daemons (what `ovs-appctl` talks to): JSON-RPC as well.

use std::{path::Path, time::Duration};

use serde_json::json;
use tokio::net::UnixStream;

use super::{
    OvsdbError,
    connection::{Connection, Incoming},
};

/// Gives a daemon a command and returns what it says.
pub(crate) async fn command(socket: &Path, method: &str, arguments: &[&str]) -> Result<String, OvsdbError> {
    let gone =
        |reason: String| OvsdbError::Disconnected { endpoint: format!("unix:{}", socket.display()), reason };
    let (reader, writer) =
        UnixStream::connect(socket).await.map_err(|error| gone(error.to_string()))?.into_split();
    let mut connection = Connection::new(Box::new(reader), Box::new(writer));
    let asked = connection.request(method, &json!(arguments), None);
    let answer = async {
        loop {
            if let Incoming::Answer { id, result } = connection.next().await?
                && id == asked
            {
                return result.map(|result| result.as_str().unwrap_or_default().to_owned());
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), answer)
        .await
        .unwrap_or_else(|_| Err(gone("no answer".to_owned())))
}
