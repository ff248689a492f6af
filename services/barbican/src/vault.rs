//! Payloads at rest: AES-256-GCM, by a key for each project that is derived (HKDF) from a secret which the database never
//! sees. A payload is bound to its secret's id: moved to another row it does not open.

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Prk, Salt},
    rand::{SecureRandom, SystemRandom},
};
use uuid::Uuid;

use crate::error::Error;

/// What seals payloads and opens them.
pub(crate) struct Vault {
    root: Prk,
    random: SystemRandom,
}

impl Vault {
    /// With the cloud's secret.
    pub(crate) fn new(secret: &str) -> Self {
        let root = Salt::new(HKDF_SHA256, b"pileus key manager").extract(secret.as_bytes());
        Self { root, random: SystemRandom::new() }
    }

    fn key(&self, project: &str) -> Result<LessSafeKey, Error> {
        let info = [project.as_bytes()];
        let derived = self.root.expand(&info, &AES_256_GCM).map_err(|_| Error::Vault)?;
        Ok(LessSafeKey::new(UnboundKey::from(derived)))
    }

    /// What is kept of a payload: a number used once, then what it was sealed to.
    pub(crate) fn seal(&self, project: &str, id: Uuid, mut payload: Vec<u8>) -> Result<Vec<u8>, Error> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| Error::Vault)?;
        let once = Nonce::assume_unique_for_key(nonce);
        self.key(project)?
            .seal_in_place_append_tag(once, Aad::from(id.as_bytes()), &mut payload)
            .map_err(|_| Error::Vault)?;
        let mut kept = nonce.to_vec();
        kept.append(&mut payload);
        Ok(kept)
    }

    /// The payload again.
    pub(crate) fn open(&self, project: &str, id: Uuid, kept: &[u8]) -> Result<Vec<u8>, Error> {
        let (nonce, sealed) = kept.split_first_chunk::<NONCE_LEN>().ok_or(Error::Vault)?;
        let mut sealed = sealed.to_vec();
        let once = Nonce::assume_unique_for_key(*nonce);
        let opened = self
            .key(project)?
            .open_in_place(once, Aad::from(id.as_bytes()), &mut sealed)
            .map_err(|_| Error::Vault)?;
        Ok(opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_opens_only_for_its_own_secret_project_and_cloud() {
        let (vault, id) = (Vault::new("cloud"), Uuid::new_v4());
        let kept = vault.seal("p1", id, b"hunter2".to_vec()).unwrap();
        assert!(!kept.windows(7).any(|part| part == b"hunter2"));
        assert_ne!(kept, vault.seal("p1", id, b"hunter2".to_vec()).unwrap());
        assert_eq!(vault.open("p1", id, &kept).unwrap(), b"hunter2");
        assert!(vault.open("p2", id, &kept).is_err());
        assert!(vault.open("p1", Uuid::new_v4(), &kept).is_err());
        assert!(Vault::new("another").open("p1", id, &kept).is_err());
        assert!(vault.open("p1", id, &kept[..4]).is_err());
    }
}
