//! A change: one transaction, with what the engine and the servers have to be told of it.

mod rows;
mod together;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
};

use platform::{db::WriteTx, events::Event};
use sea_orm::{
    DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

pub(crate) use together::Gathered;

use crate::{Neutron, error::Error, model::intention};

/// The kinds of things that the engine knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Network,
    SecurityGroup,
    Port,
    Router,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Network, Self::SecurityGroup, Self::Port, Self::Router];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::SecurityGroup => "security_group",
            Self::Port => "port",
            Self::Router => "router",
        }
    }
}

/// A transaction that changes something. Dropped without `commit`, it changes nothing and tells nobody.
pub(crate) struct Change<'a> {
    neutron: &'a Neutron,
    tx: WriteTx,
    touched: BTreeSet<(Kind, Uuid)>,
    servers: BTreeSet<Uuid>,
    events: Vec<Event>,
}

/// What a change was to tell at some moment.
pub(crate) struct Mark {
    touched: BTreeSet<(Kind, Uuid)>,
    servers: BTreeSet<Uuid>,
    events: usize,
}

impl Neutron {
    pub(crate) async fn change(&self) -> Result<Change<'_>, Error> {
        Ok(Change {
            neutron: self,
            tx: self.db.write().await?,
            touched: BTreeSet::new(),
            servers: BTreeSet::new(),
            events: Vec::new(),
        })
    }
}

impl Change<'_> {
    pub(crate) fn neutron(&self) -> &Neutron {
        self.neutron
    }

    /// The engine is to look at this again: it was made, changed or removed.
    pub(crate) fn touch(&mut self, kind: Kind, id: Uuid) {
        self.touched.insert((kind, id));
    }

    /// What a server shows of its network may have changed.
    pub(crate) fn tell(&mut self, device_owner: &str, device_id: &str) {
        if device_owner.starts_with("compute:")
            && let Ok(id) = device_id.parse()
        {
            self.servers.insert(id);
        }
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    fn mark(&self) -> Mark {
        Mark { touched: self.touched.clone(), servers: self.servers.clone(), events: self.events.len() }
    }

    /// Nothing is told of what was done since.
    fn rewind(&mut self, mark: Mark) {
        self.touched = mark.touched;
        self.servers = mark.servers;
        self.events.truncate(mark.events);
    }

    /// Commits, then wakes the reconcilers and tells Nova.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let Self { neutron, mut tx, touched, servers, events } = self;
        events.into_iter().for_each(|event| tx.emit(event));
        if !touched.is_empty() {
            let rows = touched.iter().map(|(kind, id)| {
                intention::Model { kind: kind.name().to_owned(), id: *id, generation: 1 }.into_active_model()
            });
            let again = OnConflict::columns([intention::Column::Kind, intention::Column::Id])
                .value(
                    intention::Column::Generation,
                    Expr::col((intention::Entity, intention::Column::Generation)).add(1),
                )
                .to_owned();
            intention::Entity::insert_many(rows).on_conflict(again).exec_without_returning(&*tx).await?;
        }
        tx.commit().await?;
        let mut by_kind: BTreeMap<Kind, Vec<Uuid>> = BTreeMap::new();
        for (kind, id) in touched {
            by_kind.entry(kind).or_default().push(id);
        }
        for (kind, ids) in by_kind {
            ids.into_iter().for_each(|id| neutron.wake(kind, id));
        }
        neutron.tell_servers(servers);
        Ok(())
    }
}

impl Deref for Change<'_> {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.tx
    }
}
