//! What Keystone remembers so that it need not ask the database.
//!
//! Everything remembered carries the generation of the directory that it was read from; a committed change makes the
//! next generation, and nothing of an earlier one is used any more. Who reads takes the generation first and the
//! database after, so what is filed under a generation is at least as new as that generation.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use contracts::identity::Named;
use moka::sync::Cache;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::{
    directory::{ProjectFacts, UserFacts},
    roles::RoleBook,
    token::Token,
};

/// A token, without the token: who reads our memory finds none.
pub(crate) type TokenKey = [u8; 16];

/// What is remembered of a token.
#[derive(Clone)]
pub(crate) enum Entry {
    Known(Arc<Token>),
    /// Revoked by itself; stays so whatever a slower reader finds.
    Void,
}

/// A key and the generation in which it holds.
type At<K> = (u64, K);

pub(crate) struct Memory {
    generation: AtomicU64,
    pub(crate) tokens: Cache<TokenKey, Entry>,
    pub(crate) bodies: Cache<At<TokenKey>, Bytes>,
    pub(crate) users: Cache<At<String>, Arc<UserFacts>>,
    pub(crate) projects: Cache<At<String>, Arc<ProjectFacts>>,
    pub(crate) roles: Cache<At<String>, Arc<Vec<Named>>>,
    pub(crate) books: Cache<u64, Arc<RoleBook>>,
    pub(crate) catalogs: Cache<At<String>, Arc<RawValue>>,
    pub(crate) lists: Cache<At<String>, Bytes>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        fn cache<K, V>(capacity: u64) -> Cache<K, V>
        where
            K: std::hash::Hash + Eq + Send + Sync + 'static,
            V: Clone + Send + Sync + 'static,
        {
            Cache::builder().max_capacity(capacity).time_to_live(Duration::from_secs(600)).build()
        }
        let lists = Cache::builder()
            .max_capacity(16 << 20)
            .weigher(|_: &At<String>, body: &Bytes| u32::try_from(body.len()).unwrap_or(u32::MAX))
            .time_to_live(Duration::from_secs(600))
            .build();
        Self {
            generation: AtomicU64::new(0),
            tokens: cache(20_000),
            bodies: cache(500),
            users: cache(10_000),
            projects: cache(10_000),
            roles: cache(20_000),
            books: cache(2),
            catalogs: cache(500),
            lists,
        }
    }

    /// The generation of the directory, to be taken before the database is read.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Something was changed and committed: what was remembered is not used any more.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// The key under which a token is remembered.
    pub(crate) fn key(token: &str) -> TokenKey {
        let mut key = [0; 16];
        key.copy_from_slice(&Sha256::digest(token.as_bytes())[..16]);
        key
    }
}
