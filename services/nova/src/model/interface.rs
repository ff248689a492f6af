//! Cards of servers: which port each is, and how far it has got.

use sea_orm::{QueryOrder, entity::prelude::*};

/// A card. Its port's id is chosen when the row is made, so that asking Neutron twice makes one port.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "interfaces")]
pub struct Model {
    /// The port.
    #[sea_orm(primary_key, auto_increment = false)]
    pub port_id: Uuid,
    /// The server.
    pub server_id: Uuid,
    /// The place among the server's cards.
    pub position: i32,
    /// The network on which Nova makes the port.
    pub network_id: Option<Uuid>,
    /// The address that was asked for.
    pub fixed_ip: Option<String>,
    /// Whether Nova makes the port, and so deletes it with the server.
    pub made_by_nova: bool,
    /// See [`super::attachment::State`].
    pub state: String,
    /// The tag by which the guest finds it.
    pub tag: Option<String>,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The cards of a server, in order.
pub async fn of_server(db: &impl ConnectionTrait, server: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::ServerId.eq(server)).order_by_asc(Column::Position).all(db).await
}
