//! Keypairs. They belong to users, not to projects.

use platform::db::list::{Kind, ListSpec};
use sea_orm::{Order, entity::prelude::*};

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

/// How keypairs are listed: the name is what they are known by.
pub static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Name,
    id_kind: Kind::Text,
    filters: &[],
    sorts: &[("name", Column::Name)],
    default_sort: &[("name", Order::Asc)],
    max_limit: Some(1000),
};

/// A user's keypair of that name.
pub async fn of_user(db: &impl ConnectionTrait, user: &str, name: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::UserId.eq(user)).filter(Column::Name.eq(name)).one(db).await
}
