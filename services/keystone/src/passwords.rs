//! Passwords: bcrypt, with a short proof in memory so that a login that was right needs no hashing again.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use hmac::{Hmac, Mac};
use moka::sync::Cache;
use regex::Regex;
use sha2::Sha256;
use tokio::sync::Semaphore;

use crate::{
    Config,
    error::{Error, StartError},
};

pub(crate) struct Passwords {
    cost: u32,
    /// As many hash at a time as there are processors for it: a flood of logins waits, and beyond that is sent away.
    gate: Semaphore,
    waiting: AtomicUsize,
    most_waiting: usize,
    /// What was found right lately: keyed digests of user, stored hash and password. A changed hash is another key.
    proofs: Cache<[u8; 32], ()>,
    key: [u8; 32],
    /// Checked for who is not there, so that this takes as long.
    decoy: String,
    rule: Option<(Regex, String)>,
}

impl Passwords {
    pub(crate) fn new(config: &Config) -> Result<Self, StartError> {
        let processors = std::thread::available_parallelism().map_or(2, |count| count.get());
        let at_once = if config.concurrent_logins == 0 { processors } else { config.concurrent_logins };
        let decoy = bcrypt::hash(crate::ids::new_secret(), config.password_cost)
            .map_err(|error| StartError::Option(format!("password_cost: {error}")))?;
        let rule = match config.password_regex.as_str() {
            "" => None,
            text => {
                let rule = Regex::new(text)
                    .map_err(|error| StartError::Option(format!("password_regex: {error}")))?;
                Some((rule, config.password_regex_description.clone()))
            }
        };
        Ok(Self {
            cost: config.password_cost,
            gate: Semaphore::new(at_once),
            waiting: AtomicUsize::new(0),
            most_waiting: config.waiting_logins,
            proofs: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(Duration::from_secs(config.password_proof_lifetime.into()))
                .build(),
            key: crate::ids::random(),
            decoy,
            rule,
        })
    }

    /// Whether this is the password of the user, whose stored hash is given (`None`: there is no such user, or none of
    /// its passwords is good; takes as long as any wrong password).
    pub(crate) async fn check(
        &self,
        user: &str,
        stored: Option<&str>,
        password: &str,
    ) -> Result<bool, Error> {
        let proof = stored.map(|stored| self.proof(user, stored, password));
        if proof.is_some_and(|proof| self.proofs.contains_key(&proof)) {
            return Ok(true);
        }
        let hash = stored.unwrap_or(&self.decoy).to_owned();
        let password = password.to_owned();
        let right = self.at_the_gate(move || bcrypt::verify(password, &hash).unwrap_or(false)).await?;
        match proof {
            Some(proof) if right => {
                self.proofs.insert(proof, ());
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The hash to be stored.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Error> {
        let (password, cost) = (password.to_owned(), self.cost);
        self.at_the_gate(move || bcrypt::hash(password, cost))
            .await?
            .map_err(|_| Error::Invalid("Password validation error: it can't be hashed.".into()))
    }

    /// The password is one that the operator's rule allows.
    pub(crate) fn allowed(&self, password: &str) -> Result<(), Error> {
        match &self.rule {
            Some((rule, words)) if !rule.is_match(password) => Err(Error::Invalid(format!(
                "Password validation error: The password does not match the requirements: {words}."
            ))),
            _ => Ok(()),
        }
    }

    async fn at_the_gate<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= self.most_waiting + self.gate.available_permits() {
            return Err(Error::Busy);
        }
        let _permit = self.gate.acquire().await.map_err(|_| Error::Busy)?;
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::Inside(error.to_string()))
    }

    fn proof(&self, user: &str, stored: &str, password: &str) -> [u8; 32] {
        let mut mac = match Hmac::<Sha256>::new_from_slice(&self.key) {
            Ok(mac) => mac,
            // HMAC takes keys of any length.
            Err(_) => return crate::ids::random(),
        };
        for part in [user, stored, password] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords() -> Passwords {
        Passwords::new(&Config { password_cost: 4, ..Config::default() }).unwrap()
    }

    #[tokio::test]
    async fn a_right_password_is_proved_once_and_a_wrong_one_never() {
        let passwords = passwords();
        let stored = passwords.hash("secret").await.unwrap();
        assert!(stored.starts_with("$2b$04$"));
        assert!(!passwords.check("u", Some(&stored), "wrong").await.unwrap());
        assert!(passwords.check("u", Some(&stored), "secret").await.unwrap());
        assert!(passwords.proofs.contains_key(&passwords.proof("u", &stored, "secret")));
        assert!(!passwords.proofs.contains_key(&passwords.proof("u", &stored, "wrong")));
        let changed = passwords.hash("other").await.unwrap();
        assert!(!passwords.check("u", Some(&changed), "secret").await.unwrap());
    }

    #[tokio::test]
    async fn who_is_not_there_has_no_password() {
        let passwords = passwords();
        assert!(!passwords.check("", None, "anything").await.unwrap());
    }

    #[tokio::test]
    async fn a_flood_is_sent_away() {
        let config =
            Config { password_cost: 8, concurrent_logins: 1, waiting_logins: 1, ..Config::default() };
        let passwords = Passwords::new(&config).unwrap();
        let all = futures::future::join_all((0..8).map(|_| passwords.check("u", None, "x"))).await;
        assert!(all.iter().any(|outcome| matches!(outcome, Err(Error::Busy))));
        assert!(all.iter().any(Result::is_ok));
        assert_eq!(passwords.waiting.load(Ordering::Relaxed), 0);
    }
}
