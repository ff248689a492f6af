//! A volume goes from one project to another: offered, with a key that is told once; taken by who has the key, or
//! withdrawn.

use platform::events::Event;
use rand::{Rng, distr::Alphanumeric};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, sea_query::Expr};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Cinder,
    error::Error,
    model::{
        snapshot,
        transfer::{ActiveModel, Column, Entity, Model},
        volume,
    },
    quota::{self, Usage},
};

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
        if !volume::transition(&tx, of.id, &["available"], "awaiting-transfer").await? {
            return Err(Error::InvalidVolume("status must be available".into()));
        }
        let snapshots = snapshot::Entity::find().filter(snapshot::Column::VolumeId.eq(of.id));
        let unready = snapshots.filter(snapshot::Column::Status.ne("available")).count(&*tx).await?;
        if !no_snapshots && unready > 0 {
            return Err(Error::InvalidSnapshot("status of all snapshots must be available".into()));
        }
        Entity::insert(ActiveModel::from(row.clone())).exec_without_returning(&*tx).await?;
        tx.emit(event);
        tx.commit().await?;
        Ok((row, key))
    }

    /// Takes an offer back.
    pub(crate) async fn withdraw(&self, row: &Model, event: Event) -> Result<(), Error> {
        let mut tx = self.db.write().await?;
        let gone = Entity::delete_many()
            .filter(Column::Id.eq(row.id))
            .filter(Column::Accepted.eq(false))
            .exec(&*tx)
            .await?;
        if gone.rows_affected == 0 {
            return Err(Error::TransferNotFound(row.id.to_string()));
        }
        volume::transition(&tx, row.volume_id, &["awaiting-transfer"], "available").await?;
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
        let missing = || Error::TransferNotFound(id.to_string());
        let mut tx = self.db.write().await?;
        let offer =
            Entity::find_by_id(id).filter(Column::Accepted.eq(false)).lock_exclusive().one(&*tx).await?;
        let offer = offer.ok_or_else(missing)?;
        // What is compared are digests: how long it takes tells nothing of the key.
        if hash(&offer.salt, key) != offer.key_hash {
            return Err(Error::InvalidAuthKey(id));
        }
        let of = volume::Entity::find_by_id(offer.volume_id).one(&*tx).await?.ok_or_else(missing)?;
        let snapshots: Vec<i64> = snapshot::Entity::find()
            .select_only()
            .column(snapshot::Column::Size)
            .filter(snapshot::Column::VolumeId.eq(of.id))
            .into_tuple()
            .all(&*tx)
            .await?;
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
        if !volume::transition(&tx, of.id, &["awaiting-transfer"], "available").await? {
            return Err(Error::InvalidVolume(format!("Volume {} is not awaiting a transfer.", of.id)));
        }
        volume::Entity::update_many()
            .col_expr(volume::Column::ProjectId, Expr::value(project))
            .col_expr(volume::Column::UserId, Expr::value(user))
            .filter(volume::Column::Id.eq(of.id))
            .exec(&*tx)
            .await?;
        if !offer.no_snapshots {
            snapshot::Entity::update_many()
                .col_expr(snapshot::Column::ProjectId, Expr::value(project))
                .col_expr(snapshot::Column::UserId, Expr::value(user))
                .filter(snapshot::Column::VolumeId.eq(of.id))
                .exec(&*tx)
                .await?;
        }
        Entity::update_many()
            .col_expr(Column::Accepted, Expr::value(true))
            .col_expr(Column::DestinationProjectId, Expr::value(project))
            .filter(Column::Id.eq(id))
            .exec(&*tx)
            .await?;
        tx.emit(event(of.id));
        tx.commit().await?;
        Ok(offer)
    }
}
