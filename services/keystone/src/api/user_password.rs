//! `/v3/users/{user_id}/password`: users change their own. Open, since the old password is the proof: it may have expired.

use axum::{extract::Path, response::Response};
use chrono::{TimeDelta, Utc};
use http::Method;
use platform::{
    Body as Wire,
    http::{Body, Fault, Routes},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde::Deserialize;

use super::{OpenCx, listing::no_content};
use crate::{
    Keystone,
    change::Change,
    error::Error,
    ids::now,
    model::{password_history, user},
};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new().open(Method::POST, "/v3/users/{user_id}/password", change)
}

#[derive(Deserialize, Wire)]
#[body(wrap = "user", open)]
struct ChangePassword {
    original_password: String,
    password: String,
}

async fn change(cx: OpenCx, Path(id): Path<String>, body: Body<ChangePassword>) -> Result<Response, Fault> {
    let keystone = &cx.service;
    let ChangePassword { original_password, password } = body.0;
    let user = keystone.authority.directory.user(&id).await?;
    let stored = user.as_ref().and_then(|user| user.row.password_hash.as_deref());
    let right = keystone.passwords.check(&id, stored, &original_password).await?;
    let Some(user) = user else { return Err(Fault::unauthorized()) };
    if keystone.is_locked(&user.row).await? {
        return Err(Fault::unauthorized());
    }
    keystone.note_login(&user.row, right).await?;
    if !right || !user.active() {
        return Err(Fault::unauthorized());
    }
    let before = &user.row;
    if before.options.get("lock_password") == Some(&serde_json::Value::Bool(true)) {
        return Err(Fault::bad_request(
            "Cannot change password due to being disabled for self-service. Contact your administrator.",
        ));
    }
    keystone.may_change(before, &password).await?;
    let mut row = before.clone();
    row.password_hash = Some(keystone.passwords.hash(&password).await?);
    row.password_created_at = Some(now());
    row.password_expires_at = keystone.password_end(&row.options, false);
    let tx = keystone.change().await?;
    // Only over the hash that was checked: of two changes at once, one wins.
    let changed = user::Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(user::Column::Id.eq(id.as_str()))
        .filter(user::Column::PasswordHash.eq(before.password_hash.clone()))
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 0 {
        return Err(Fault::unauthorized());
    }
    keystone.remember_password(&tx, before).await?;
    keystone.authority.void(tx.db(), format!("user:{id}")).await?;
    tx.commit().await?;
    Ok(no_content())
}

impl Keystone {
    /// The new password is long enough after the last change, allowed, and none of the last ones.
    async fn may_change(&self, user: &user::Model, password: &str) -> Result<(), Error> {
        self.passwords.allowed(password)?;
        if self.config.minimum_password_age > 0
            && let Some(set) = user.password_created_at
        {
            let end = set + TimeDelta::days(self.config.minimum_password_age.into());
            if Utc::now() < end {
                return Err(Error::Invalid(format!(
                    "Cannot change password before minimum age {} days is met.",
                    self.config.minimum_password_age
                )));
            }
        }
        let count = self.config.unique_last_password_count;
        if count <= 1 {
            return Ok(());
        }
        let earlier = password_history::Entity::find()
            .filter(password_history::Column::UserId.eq(user.id.as_str()))
            .order_by_desc(password_history::Column::Id)
            .limit(u64::from(count) - 1)
            .all(self.db.read())
            .await?;
        let hashes = user.password_hash.iter().chain(earlier.iter().map(|row| &row.hash));
        for hash in hashes.take(count as usize) {
            if self.passwords.check(&user.id, Some(hash), password).await? {
                return Err(Error::Invalid(format!(
                    "Password validation error: The new password cannot be identical to a previous password. The total number which includes the new password must be unique is {count}."
                )));
            }
        }
        Ok(())
    }

    /// Keeps the hash of a password that was replaced, where new ones are compared with them.
    pub(super) async fn remember_password(&self, tx: &Change, before: &user::Model) -> Result<(), DbErr> {
        let keep = u64::from(self.config.unique_last_password_count);
        let Some(hash) = before.password_hash.clone().filter(|_| keep > 1) else { return Ok(()) };
        let row = password_history::ActiveModel {
            id: NotSet,
            user_id: Set(before.id.clone()),
            hash: Set(hash),
            created_at: Set(now()),
        };
        password_history::Entity::insert(row).exec_without_returning(tx.db()).await?;
        let superfluous: Vec<i64> = password_history::Entity::find()
            .select_only()
            .column(password_history::Column::Id)
            .filter(password_history::Column::UserId.eq(before.id.as_str()))
            .order_by_desc(password_history::Column::Id)
            .offset(keep)
            .limit(1000)
            .into_tuple()
            .all(tx.db())
            .await?;
        password_history::Entity::delete_many()
            .filter(password_history::Column::Id.is_in(superfluous))
            .exec(tx.db())
            .await?;
        Ok(())
    }
}
