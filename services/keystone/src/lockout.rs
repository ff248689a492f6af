//! Locking accounts after failed logins, where the operator has chosen so.

use chrono::{TimeDelta, Utc};
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};

use crate::{
    Keystone,
    error::Error,
    ids::now,
    model::{login_failure, user},
};

impl Keystone {
    fn locks(&self, user: &user::Model) -> bool {
        let exempt =
            user.options.get("ignore_lockout_failure_attempts") == Some(&serde_json::Value::Bool(true));
        self.config.lockout_failure_attempts > 0 && !exempt
    }

    /// Whether the account is locked now.
    pub(crate) async fn is_locked(&self, user: &user::Model) -> Result<bool, Error> {
        if !self.locks(user) {
            return Ok(false);
        }
        let failures = login_failure::Entity::find_by_id(user.id.as_str()).one(self.db.read()).await?;
        let end = Utc::now() - TimeDelta::seconds(self.config.lockout_duration.into());
        let limit = i64::from(self.config.lockout_failure_attempts);
        Ok(failures.is_some_and(|failures| i64::from(failures.count) >= limit && failures.last_at > end))
    }

    /// Counts failures in a row; a success begins anew.
    pub(crate) async fn note_login(&self, user: &user::Model, right: bool) -> Result<(), Error> {
        if !self.locks(user) {
            return Ok(());
        }
        let before = login_failure::Entity::find_by_id(user.id.as_str()).one(self.db.read()).await?;
        if right && before.is_none() {
            return Ok(());
        }
        let tx = self.db.write().await?;
        if right {
            login_failure::Entity::delete_by_id(user.id.as_str()).exec(&*tx).await?;
        } else {
            let now = now();
            let over = now - TimeDelta::seconds(self.config.lockout_duration.into());
            let counted = login_failure::Entity::find_by_id(user.id.as_str()).one(&*tx).await?;
            let limit = i32::try_from(self.config.lockout_failure_attempts).unwrap_or(i32::MAX);
            // A lock that is over does not lock again at the first mistake.
            let count = match counted {
                Some(counted) if counted.count < limit || counted.last_at > over => {
                    counted.count.saturating_add(1)
                }
                _ => 1,
            };
            let row = login_failure::ActiveModel {
                user_id: Set(user.id.clone()),
                count: Set(count),
                last_at: Set(now),
            };
            let again = OnConflict::column(login_failure::Column::UserId)
                .update_columns([login_failure::Column::Count, login_failure::Column::LastAt])
                .to_owned();
            login_failure::Entity::insert(row).on_conflict(again).exec_without_returning(&*tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
