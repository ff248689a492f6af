//! What Nova offers the other services.

mod disk_copies;

use async_trait::async_trait;
use contracts::{
    CallResult,
    compute::{Metadata, MetadataAnswer, MetadataRequest, ServerEvents},
};
use uuid::Uuid;

use crate::{Nova, metadata};

#[async_trait]
impl ServerEvents for Nova {
    async fn network_changed(&self, server: Uuid) {
        self.addresses.wake(server);
    }

    async fn volume_changed(&self, server: Uuid) {
        self.servers.wake(server);
    }
}

#[async_trait]
impl Metadata for Nova {
    async fn answer(&self, host: &str, request: MetadataRequest) -> CallResult<MetadataAnswer> {
        metadata::service::answer(self, host, &request).await
    }
}
