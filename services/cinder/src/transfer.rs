//! A volume goes from one project to another: offered, with a key that is told once; taken by who has the key, or
//! withdrawn.

use platform::{
    db::{opened, owned::Inside},
    events::Event,
};
use rand::{Rng, distr::Alphanumeric};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Cinder,
    error::Error,
    model::{
        snapshot,
        transfer::{self, Model},
        volume,
    },
    quota::{self, Usage},
};

const BY_KEY: Inside = Inside::because("who has the key may take the volume, whoever offers it");

fn random(length: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect()
}

fn hash(salt: &str, key: &str) -> String {
    let digest = Sha256::new().chain_update(salt).chain_update(key).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Cinder {
    /// Offers a volume. The key is told, and not kept.
    pub(crate) async fn offer(
        &self,
        of: &volume::Model,
        name: Option<String>,
        no_snapshots: bool,
        event: Event,
    ) -> Result<(Model, String), Error> {
        let (salt, key) = (random(8), random(16));
        let row = Model {
            id: Uuid::new_v4(),
            volume_id: of.id,
            name,
            key_hash: hash(&salt, &key),
            salt,
            no_snapshots,
            source_project_id: of.project_id.clone(),
            destination_project_id: None,
            accepted: false,
            created_at: chrono::Utc::now(),
        };
        let mut tx = self.db.write().await?;
        if !volume::transition(&tx, of, &["available"], "awaiting-transfer").await? {
            return Err(Error::InvalidVolume("status must be available".into()));
        }
        if !no_snapshots && snapshot::are_unready(&tx, of).await? {
            return Err(Error::InvalidSnapshot("status of all snapshots must be available".into()));
        }
        opened::insert(&tx, &row).await?;
        tx.emit(event);
        tx.commit().await?;
        Ok((row, key))
    }

    /// Takes an offer back.
    pub(crate) async fn withdraw(&self, row: &Model, event: Event) -> Result<(), Error> {
        let mut tx = self.db.write().await?;
        if !transfer::withdraw(&tx, row).await? {
            return Err(Error::TransferNotFound(row.id.to_string()));
        }
        volume::transition(&tx, row, &["awaiting-transfer"], "available").await?;
        tx.emit(event);
        tx.commit().await?;
        Ok(())
    }

    /// Takes an offered volume, with its snapshots where they come along. Of two that try at once, one wins.
    pub(crate) async fn accept(
        &self,
        id: Uuid,
        key: &str,
        project: &str,
        user: &str,
        event: impl FnOnce(Uuid) -> Event,
    ) -> Result<Model, Error> {
        let mut tx = self.db.write().await?;
        let offer = transfer::find(&*tx, id).await?.inside(&BY_KEY)?;
        let missing = || Error::TransferNotFound(id.to_string());
        let now = opened::lock(&tx, &offer).await?;
        let offer = now.filter(|offer| !offer.accepted).ok_or_else(missing)?;
        // What is compared are digests: how long it takes tells nothing of the key.
        if hash(&offer.salt, key) != offer.key_hash {
            return Err(Error::InvalidAuthKey(id));
        }
        let of = volume::of(&*tx, &offer).await?.ok_or_else(missing)?;
        let snapshots = snapshot::sizes(&tx, &of).await?;
        let coming: &[i64] = if offer.no_snapshots { &[] } else { &snapshots };
        let more = Usage {
            volumes: 1,
            snapshots: coming.len() as i64,
            gigabytes: of.size + coming.iter().sum::<i64>(),
        };
        if of.project_id != project {
            quota::check_size(&tx, &self.config, project, of.size).await?;
            quota::check(&tx, &self.config, project, of.volume_type_id, more).await?;
        }
        if !volume::transition(&tx, &of, &["awaiting-transfer"], "available").await? {
            return Err(Error::InvalidVolume(format!("Volume {} is not awaiting a transfer.", of.id)));
        }
        volume::give(&tx, &of, project, user).await?;
        if !offer.no_snapshots {
            snapshot::give_of(&tx, &of, project, user).await?;
        }
        transfer::accept(&tx, &offer, project).await?;
        tx.emit(event(of.id));
        tx.commit().await?;
        Ok(offer)
    }
}
