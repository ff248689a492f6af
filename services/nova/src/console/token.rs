//! Tokens that open a console.

use chrono::{TimeDelta, Utc};
use rand::{Rng, distr::Alphanumeric};
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Nova,
    model::{
        console_token::{ActiveModel, Column, Entity, Model},
        server,
    },
};

fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new token for a server's console. It is shown once, in the console's address, and never written to a log.
pub async fn issue(nova: &Nova, server: Uuid) -> Result<String, DbErr> {
    let token: String = rand::rng().sample_iter(Alphanumeric).take(40).map(char::from).collect();
    let now = Utc::now();
    let row = Model {
        token_hash: hash(&token),
        server_id: server,
        kind: "novnc".into(),
        expires_at: now + TimeDelta::seconds(i64::from(nova.config.console_token_ttl)),
    };
    let tx = nova.db.write().await?;
    Entity::delete_many().filter(Column::ExpiresAt.lt(now)).exec(&*tx).await?;
    Entity::insert(ActiveModel::from(row).reset_all()).exec_without_returning(&*tx).await?;
    tx.commit().await?;
    Ok(token)
}

/// The server and host whose console a token opens, while it holds.
pub async fn redeem(nova: &Nova, token: &str) -> Result<Option<(Uuid, String)>, DbErr> {
    let db = nova.db.read();
    let Some(row) = Entity::find_by_id(hash(token)).one(db).await? else { return Ok(None) };
    if row.expires_at <= Utc::now() {
        return Ok(None);
    }
    let server = server::living(db, row.server_id).await?;
    Ok(server.and_then(|server| Some((server.id, server.host?))))
}
