//! Tokens that open a console.

use chrono::{TimeDelta, Utc};
use platform::db::{opened, owned::Inside};
use rand::{Rng, distr::Alphanumeric};
use sea_orm::DbErr;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Nova,
    model::{console_token, server},
};

const TOKEN: Inside = Inside::because("who has the token of a console may see it");

fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new token for a server's console. It is shown once, in the console's address, and never written to a log.
pub async fn issue(nova: &Nova, server: &server::Model) -> Result<String, DbErr> {
    let token: String = rand::rng().sample_iter(Alphanumeric).take(40).map(char::from).collect();
    let now = Utc::now();
    let row = console_token::Model {
        token_hash: hash(&token),
        server_id: server.id,
        kind: "novnc".into(),
        expires_at: now + TimeDelta::seconds(i64::from(nova.config.console_token_ttl)),
    };
    let tx = nova.db.write().await?;
    console_token::delete_ended(&tx, now).await?;
    opened::insert(&tx, &row).await?;
    tx.commit().await?;
    Ok(token)
}

/// The server and host whose console a token opens, while it holds.
pub async fn redeem(nova: &Nova, token: &str) -> Result<Option<(Uuid, String)>, DbErr> {
    let db = nova.db.read();
    let row = console_token::with_hash(db, &hash(token), &TOKEN).await?;
    let Some(row) = row else { return Ok(None) };
    if row.expires_at <= Utc::now() {
        return Ok(None);
    }
    let server = server::find(db, row.server_id).await?.inside(&TOKEN);
    Ok(server.ok().and_then(|server| Some((server.id, server.host?))))
}
