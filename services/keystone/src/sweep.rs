//! Forgets what has expired: revocations of tokens that are dead anyway.

use std::{sync::Arc, time::Duration};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use tokio_util::sync::CancellationToken;

use crate::{Keystone, ids::now, model::revocation};

const EVERY: Duration = Duration::from_secs(600);

pub(crate) fn spawn(keystone: Arc<Keystone>, cancel: CancellationToken) {
    tokio::spawn(cancel.run_until_cancelled_owned(async move {
        loop {
            if let Err(error) = keystone.sweep().await {
                tracing::warn!(%error, "expired revocations can't be removed; they are tried again");
            }
            tokio::time::sleep(EVERY).await;
        }
    }));
}

impl Keystone {
    pub(crate) async fn sweep(&self) -> Result<(), DbErr> {
        let tx = self.db.write().await?;
        revocation::Entity::delete_many().filter(revocation::Column::ExpiresAt.lt(now())).exec(&*tx).await?;
        tx.commit().await
    }
}
