//! What Nova asks of Placement.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::CallResult;

/// How much of what: `VCPU`, `MEMORY_MB`, `DISK_GB`, ...
pub type Resources = BTreeMap<String, u64>;

/// What a provider has of one resource class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inventory {
    /// All there is.
    pub total: u64,
    /// Kept back for the host itself.
    pub reserved: u64,
    /// The least that one allocation may take.
    pub min_unit: u64,
    /// The most that one allocation may take.
    pub max_unit: u64,
    /// In steps of.
    pub step_size: u64,
    /// How many times over it may be given out.
    pub allocation_ratio: f64,
}

/// What a request for room looks like.
#[derive(Debug, Clone, Default)]
pub struct CandidateQuery {
    /// What is needed, all of one provider.
    pub resources: Resources,
    /// Traits that the provider must have.
    pub required: Vec<String>,
    /// Traits that it must not have.
    pub forbidden: Vec<String>,
    /// At most so many.
    pub limit: Option<u64>,
}

/// A provider with room.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Candidate {
    /// The provider.
    pub provider: Uuid,
    /// Its name: that of the hypervisor host.
    pub name: String,
    /// For each resource class: capacity (with ratio, less reserved) and what is used.
    pub capacity: BTreeMap<String, (u64, u64)>,
}

/// Placement, to Nova.
#[async_trait]
pub trait Placement: Send + Sync {
    /// Makes the provider and its inventory and traits as given. Refuses to shrink below what is allocated only by keeping the allocation: capacity becomes negative, as in OpenStack.
    async fn ensure_provider(
        &self,
        provider: Uuid,
        name: &str,
        inventories: &BTreeMap<String, Inventory>,
        traits: &[String],
    ) -> CallResult<()>;

    /// Providers that have room now.
    async fn candidates(&self, query: &CandidateQuery) -> CallResult<Vec<Candidate>>;

    /// Gives the consumer these resources of the provider, in place of all that it had. `Conflict` when the room is gone.
    async fn allocate(
        &self,
        consumer: Uuid,
        project: &str,
        user: &str,
        provider: Uuid,
        resources: &Resources,
    ) -> CallResult<()>;

    /// Takes back all that the consumer has. Does nothing when it has nothing.
    async fn release(&self, consumer: Uuid) -> CallResult<()>;

    /// Consumers that have something of the provider.
    async fn consumers(&self, provider: Uuid) -> CallResult<Vec<Uuid>>;
}
