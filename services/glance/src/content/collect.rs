//! The collector: removes content that no image has any more, first the file and then its row.
//!
//! Every content in the store has a row (see [`crate::model::content`]), so whatever ends in between, the next look finds
//! what is left to do. Content whose writer died goes the same way, and its image back to `queued`.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use platform::reconcile::{Next, Reconciler, StepError};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::upload;
use crate::{
    Glance,
    model::{
        content::{self, state},
        image::status,
    },
};

/// See the module.
pub struct Collector {
    service: Weak<Glance>,
}

impl Collector {
    /// For that service.
    pub fn new(service: &Arc<Glance>) -> Self {
        Self { service: Arc::downgrade(service) }
    }
}

#[async_trait]
impl Reconciler for Collector {
    fn name(&self) -> &'static str {
        "image-content"
    }

    async fn pending(&self) -> Result<Vec<Uuid>, StepError> {
        let Some(service) = self.service.upgrade() else { return Ok(Vec::new()) };
        Ok(content::pending(service.db.read(), &service.writer).await?)
    }

    async fn step(&self, id: Uuid, _: u32) -> Result<Next, StepError> {
        let Some(service) = self.service.upgrade() else { return Ok(Next::Done) };
        let Some(row) = content::Entity::find_by_id(id).one(service.db.read()).await? else {
            return Ok(Next::Done);
        };
        if content::is_abandoned(&row, &service.writer) {
            tracing::warn!(image = %row.image, content = %id, "an upload ended with the process that took it");
            upload::back(&service, row.image, id, &[status::SAVING, status::UPLOADING], state::WRITING)
                .await
                .map_err(StepError::new)?;
            return Ok(Next::Now);
        }
        if row.state != state::DOOMED {
            return Ok(Next::Done);
        }
        service.store.remove(id).await.map_err(StepError::new)?;
        let tx = service.db.write().await?;
        content::Entity::delete_by_id(id).exec(&*tx).await?;
        tx.commit().await?;
        Ok(Next::Done)
    }
}
