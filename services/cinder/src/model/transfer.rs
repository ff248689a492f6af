//! Offers of a volume to another project.

use platform::{
    db::{
        WriteTx,
        list::{Kind, ListSpec},
        owned::{Owned, Scope, Sealed},
    },
    policy::Target,
};
use sea_orm::{Order, Select, entity::prelude::*, sea_query::Expr};

use crate::error::Error;

mod row {
    use sea_orm::entity::prelude::*;

    /// An offer.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "transfers")]
    pub struct Model {
        /// The id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The volume.
        pub volume_id: Uuid,
        /// Its name.
        pub name: Option<String>,
        /// Goes before the key when that is hashed.
        pub salt: String,
        /// SHA-256 of salt and key, in hexadecimal; the key itself is told once.
        pub key_hash: String,
        /// Whether the snapshots stay with who offers.
        pub no_snapshots: bool,
        /// Who offers.
        pub source_project_id: String,
        /// Who took it.
        pub destination_project_id: Option<String>,
        /// Whether it was taken.
        pub accepted: bool,
        /// When it was made.
        pub created_at: ChronoDateTimeUtc,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use row::Model;
use row::{Column, Entity};

impl Owned for Model {
    type Missing = Error;

    fn target(&self) -> Target<'_> {
        Target::project(self.source_project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::TransferNotFound(Error::shown(id))
    }
}

pub(crate) static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("id", Column::Id, Kind::Uuid),
        ("volume_id", Column::VolumeId, Kind::Uuid),
        ("source_project_id", Column::SourceProjectId, Kind::Text),
    ],
    sorts: &[("created_at", Column::CreatedAt), ("id", Column::Id)],
    default_sort: &[("created_at", Order::Asc)],
    max_limit: Some(1000),
};

/// Those that nobody took yet.
fn open() -> Select<Entity> {
    Entity::find().filter(Column::Accepted.eq(false))
}

pub(crate) async fn find(db: &impl ConnectionTrait, id: impl ToString) -> Result<Sealed<Model>, DbErr> {
    let id = id.to_string();
    let row = match id.parse::<Uuid>() {
        Ok(uuid) => open().filter(Column::Id.eq(uuid)).one(db).await?,
        Err(_) => None,
    };
    Ok(Sealed::new(id, row))
}

/// Those of a scope that nobody took yet.
pub(crate) fn visible(scope: &Scope) -> Select<Entity> {
    open().filter(scope.by_project(Column::SourceProjectId))
}

/// Removes an offer that nobody took; whether it was such a one.
pub(crate) async fn withdraw(tx: &WriteTx, offer: &Model) -> Result<bool, DbErr> {
    let gone = Entity::delete_many()
        .filter(Column::Id.eq(offer.id))
        .filter(Column::Accepted.eq(false))
        .exec(&**tx)
        .await?;
    Ok(gone.rows_affected == 1)
}

/// That project took it.
pub(crate) async fn accept(tx: &WriteTx, offer: &Model, project: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Accepted, Expr::value(true))
        .col_expr(Column::DestinationProjectId, Expr::value(project))
        .filter(Column::Id.eq(offer.id))
        .exec(&**tx)
        .await?;
    Ok(())
}
