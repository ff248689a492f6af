//! A service as the composition has it. What is the same of all of them is declared by each and used in loops: nothing but
//! what a service needs of the others is written by hand.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use contracts::identity::Tokens;
use sea_orm_migration::MigratorTrait;
use tokio_util::sync::CancellationToken;

use crate::{
    db::{Database, OpenError},
    http::{Base, Route, Routes, Scheme, Service, testing::KnownTokens},
    policy::Policy,
};

/// A service that can be mounted (its [`Scheme`] says where), catalogued, started, and walked over by tests.
pub trait Part: Service {
    /// Its routes, as declared.
    fn routes(&self) -> Vec<Route>;

    /// Its API, without the place under which it stands.
    fn router(self: Arc<Self>) -> Router;

    /// Starts what it does by itself, until cancelled. Once.
    fn spawn(self: Arc<Self>, _cancel: CancellationToken) {}
}

/// A service that needs nothing of the others but to know who asks: the composition opens it by one line.
#[async_trait]
pub trait Alone: Part + Sized {
    /// How it speaks. Its database has the scheme's name.
    const SCHEME: &'static Scheme;
    /// Its section of the configuration.
    type Config;
    /// Its tables' history.
    type Migrations: MigratorTrait;

    /// Its routes, with the rules that guard them.
    fn api() -> Routes<Self>;

    /// Ready to serve.
    async fn open(room: Room<Self::Config>) -> Result<Arc<Self>, OpenError>;
}

/// What a service that needs nothing of the others is given.
pub struct Room<C> {
    /// Its scheme, its policy, its address, and who checks tokens.
    pub base: Base,
    /// Its database, at this release's tables.
    pub db: Database,
    /// Its options.
    pub config: C,
    /// A secret of its own, which is made once and kept with the cloud's: for keys of what it encrypts.
    pub secret: String,
}

impl<C> Room<C> {
    /// The room of a service, at that public address of all.
    pub fn of<S: Alone<Config = C>>(
        url: &str,
        tokens: Arc<dyn Tokens>,
        db: Database,
        config: C,
        secret: String,
    ) -> Self {
        let base = Base {
            scheme: S::SCHEME,
            tokens,
            policy: Arc::new(Policy::new(&[]).beside(&S::api())),
            endpoint: format!("{url}{}", S::SCHEME.place).into(),
        };
        Self { base, db, config, secret }
    }

    /// A service for a test, in a room of its own: with [`KnownTokens::usual`], at `http://cloud`.
    pub async fn temporary<S: Alone<Config = C>>(config: C) -> Result<Arc<S>, OpenError> {
        let db = Database::temporary::<S::Migrations>(S::SCHEME.name).await?;
        S::open(Self::of::<S>("http://cloud", KnownTokens::usual(), db, config, "secret".into())).await
    }
}
