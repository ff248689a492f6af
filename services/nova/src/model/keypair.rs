//! Keypairs. They belong to users, not to projects.

use platform::db::{
    WriteTx,
    list::{self, Kind, ListSpec},
    owned::Scope,
};
use sea_orm::{ActiveValue::Set, Order, Select, entity::prelude::*};

mod row {
    use sea_orm::entity::prelude::*;

    /// A keypair's public half.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "keypairs")]
    pub struct Model {
        /// A number that OpenStack shows.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// Whose.
        pub user_id: String,
        /// The name, unique for the user.
        pub name: String,
        /// `ssh` or `x509`.
        pub kind: String,
        /// The public key, or the certificate.
        pub public_key: String,
        /// MD5 of an SSH key, SHA-1 of a certificate.
        pub fingerprint: String,
        /// When.
        pub created_at: ChronoDateTimeUtc,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub use row::Model;
use row::{ActiveModel, Column, Entity};

/// How keypairs are listed: the name is what they are known by.
pub static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Name,
    id_kind: Kind::Text,
    filters: &[],
    sorts: &[("name", Column::Name)],
    default_sort: &[("name", Order::Asc)],
    max_limit: Some(1000),
};

/// A keypair to be written.
#[derive(Debug)]
pub struct New<'a> {
    /// Whose.
    pub user: &'a str,
    /// The name.
    pub name: &'a str,
    /// `ssh` or `x509`.
    pub kind: &'a str,
    /// The public key, or the certificate.
    pub public_key: &'a str,
    /// MD5 of an SSH key, SHA-1 of a certificate.
    pub fingerprint: &'a str,
}

/// Those of a user.
pub fn visible(scope: &Scope) -> Select<Entity> {
    Entity::find().filter(scope.by_user(Column::UserId))
}

/// A user's keypair of that name.
pub async fn named(db: &impl ConnectionTrait, scope: &Scope, name: &str) -> Result<Option<Model>, DbErr> {
    visible(scope).filter(Column::Name.eq(name)).one(db).await
}

/// How many a user has.
pub async fn count(db: &impl ConnectionTrait, scope: &Scope) -> Result<u64, DbErr> {
    list::count(db, visible(scope)).await
}

/// Writes a new one.
pub async fn insert(tx: &WriteTx, new: &New<'_>) -> Result<(), DbErr> {
    let row = ActiveModel {
        user_id: Set(new.user.to_owned()),
        name: Set(new.name.to_owned()),
        kind: Set(new.kind.to_owned()),
        public_key: Set(new.public_key.to_owned()),
        fingerprint: Set(new.fingerprint.to_owned()),
        created_at: Set(chrono::Utc::now()),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(&**tx).await.map(drop)
}
