//! The reconcilers: one for each kind of thing that the engine knows.
//!
//! ```text
//! intention? ── no ──▶ Done
//!     │ yes: generation g
//!     ▼
//! row? ── yes ─▶ what it needs is still outstanding? ── yes ─▶ After(a moment)
//!     │                 │ no: ensure
//!     │ no: remove      ▼
//!     └───────────▶ Done: intention of generation g goes; if it was touched meanwhile it stays, and is looked at again
//! ```

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::driver::{DriverError, PortKind};
use platform::reconcile::{Next, Reconciler, StepError};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{ENGINE, describe, settle::Done};
use crate::{
    Neutron,
    change::Kind,
    error::Error,
    model::{intention, port},
};

/// The reconciler of one kind.
pub(crate) struct Part {
    pub(crate) neutron: Arc<Neutron>,
    pub(crate) kind: Kind,
}

/// How long a port waits for its network and security groups.
const A_MOMENT: Duration = Duration::from_millis(20);

impl From<Error> for StepError {
    fn from(error: Error) -> Self {
        Self::new(error)
    }
}

#[async_trait]
impl Reconciler for Part {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    async fn pending(&self) -> Result<Vec<Uuid>, StepError> {
        let ids = intention::Entity::find()
            .select_only()
            .column(intention::Column::Id)
            .filter(intention::Column::Kind.eq(self.kind.name()))
            .into_tuple()
            .all(self.neutron.db.read())
            .await?;
        Ok(ids)
    }

    async fn step(&self, id: Uuid, attempt: u32) -> Result<Next, StepError> {
        let _whole = self.neutron.comparing.read().await;
        let key = (self.kind.name().to_owned(), id);
        let Some(intention) = intention::Entity::find_by_id(key).one(self.neutron.db.read()).await? else {
            return Ok(Next::Done);
        };
        let told = match self.kind {
            Kind::Network => self.network(id).await,
            Kind::SecurityGroup => self.security_group(id).await,
            Kind::Port => self.port(id).await,
            Kind::Router => self.router(id).await,
        }?;
        match told {
            Told::Yes => {}
            Told::Later => return Ok(Next::After(A_MOMENT)),
            Told::Refused(reason) => {
                // It would refuse again: said once loudly, and tried again only when something changes or at a full
                // comparison. Until then the engine lets nothing through that it was not told of.
                tracing::error!(kind = self.kind.name(), %id, attempt, reason, "the network engine refuses");
            }
        }
        self.neutron.settled.add(Done { kind: self.kind, id, generation: intention.generation });
        Ok(Next::Done)
    }
}

/// What came of telling the engine.
enum Told {
    Yes,
    Later,
    Refused(String),
}

/// A refusal is final, what is unavailable is tried again, what is gone already is gone.
fn outcome(result: Result<(), DriverError>) -> Result<Told, StepError> {
    match result {
        Ok(()) => Ok(Told::Yes),
        Err(DriverError::Refused(reason)) => Ok(Told::Refused(reason)),
        Err(error) => Err(StepError::new(error)),
    }
}

fn removal(result: Result<(), DriverError>) -> Result<Told, StepError> {
    match result {
        Err(DriverError::NotFound(_)) => Ok(Told::Yes),
        result => outcome(result),
    }
}

impl Part {
    async fn network(&self, id: Uuid) -> Result<Told, StepError> {
        let Neutron { db, engine, config, .. } = &*self.neutron;
        match describe::networks(db.read(), config, Some(id)).await?.pop() {
            Some(network) => outcome(engine.ensure_network(&network).await),
            None => removal(engine.remove_network(id).await),
        }
    }

    async fn security_group(&self, id: Uuid) -> Result<Told, StepError> {
        let Neutron { db, engine, .. } = &*self.neutron;
        match describe::security_groups(db.read(), Some(id)).await?.pop() {
            Some(group) => outcome(engine.ensure_security_group(&group).await),
            // Ports let go of a group before it goes.
            None => removal(engine.remove_security_group(id).await),
        }
    }

    async fn port(&self, id: Uuid) -> Result<Told, StepError> {
        let Neutron { db, engine, .. } = &*self.neutron;
        let Some(port) = describe::ports(db.read(), Some(id)).await?.pop() else {
            return removal(engine.remove_port(id).await);
        };
        let mut needs = port.security_groups.clone();
        needs.push(port.network);
        let outstanding = intention::Entity::find()
            .filter(intention::Column::Kind.is_in([Kind::Network.name(), Kind::SecurityGroup.name()]))
            .filter(intention::Column::Id.is_in(needs))
            .one(db.read())
            .await?;
        if outstanding.is_some() {
            return Ok(Told::Later);
        }
        let told = outcome(engine.ensure_port(&port).await)?;
        if matches!(told, Told::Yes) {
            let up = match port.kind {
                // Nothing has to be wired on one host for these.
                PortKind::Metadata | PortKind::Router { .. } => true,
                PortKind::Machine => port.host.is_some() && engine.port_is_up(id).await.unwrap_or(false),
            };
            self.neutron.set_up(id, up).await?;
        }
        Ok(told)
    }

    async fn router(&self, id: Uuid) -> Result<Told, StepError> {
        let Neutron { db, engine, .. } = &*self.neutron;
        match describe::routers(db.read(), Some(id)).await?.pop() {
            Some(router) => outcome(engine.ensure_router(&router).await),
            None => removal(engine.remove_router(id).await),
        }
    }
}

impl Neutron {
    /// Records whether a port is wired, and tells Nova when that is news.
    pub(crate) async fn set_up(&self, id: Uuid, up: bool) -> Result<(), Error> {
        let status = if up { "ACTIVE" } else { "DOWN" };
        let known = port::row_of(self.db.read(), &ENGINE, id).await?;
        let Some(port) = known.filter(|port| port.status != status) else { return Ok(()) };
        let recorded = self.together(move |change| {
            Box::pin(async move {
                if port::set_status(change, &port, status).await? {
                    change.tell(&port.device_owner, &port.device_id);
                    let event = platform::events::Event::new("port.update.end", id);
                    change.emit(event.project(port.project_id));
                }
                Ok(())
            })
        });
        recorded.await
    }
}
