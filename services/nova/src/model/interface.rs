//! Cards of servers: which port each is, and how far it has got.

use std::collections::HashSet;

use platform::db::{WriteTx, owned::Inside};
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*, sea_query::Expr};

use super::{attachment::State, server};

mod row {
    use sea_orm::entity::prelude::*;

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
        /// See [`State`](super::super::attachment::State).
        pub state: String,
        /// The tag by which the guest finds it.
        pub tag: Option<String>,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub use row::Model;
use row::{Column, Entity};

/// The cards of a server, in order.
pub async fn of(db: &impl ConnectionTrait, server: &server::Model) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::ServerId.eq(server.id)).order_by_asc(Column::Position).all(db).await
}

/// Servers that have cards with something to be done to them.
pub async fn pending(db: &impl ConnectionTrait, _: &Inside) -> Result<HashSet<Uuid>, DbErr> {
    let unsettled = [State::Wanted.name(), State::Detaching.name()];
    let servers = Entity::find().select_only().column(Column::ServerId);
    let servers: Vec<Uuid> = servers.filter(Column::State.is_in(unsettled)).into_tuple().all(db).await?;
    Ok(servers.into_iter().collect())
}

/// Takes a card from one state to another; whether it was in that one.
pub async fn turn(tx: &WriteTx, card: &Model, from: State, to: State) -> Result<bool, DbErr> {
    let turned = Entity::update_many()
        .filter(Column::PortId.eq(card.port_id))
        .filter(Column::State.eq(from.name()))
        .col_expr(Column::State, Expr::value(to.name()))
        .exec(&**tx)
        .await?;
    Ok(turned.rows_affected > 0)
}

/// A server's card of that port is to be detached; whether it has one.
pub async fn detach(tx: &WriteTx, server: &server::Model, port: Uuid) -> Result<bool, DbErr> {
    let turned = Entity::update_many()
        .filter(Column::ServerId.eq(server.id))
        .filter(Column::PortId.eq(port))
        .col_expr(Column::State, Expr::value(State::Detaching.name()))
        .exec(&**tx)
        .await?;
    Ok(turned.rows_affected > 0)
}

/// All of a server's that were wanted are attached.
pub async fn settle(tx: &WriteTx, server: &server::Model) -> Result<(), DbErr> {
    let wanted = Entity::update_many()
        .filter(Column::ServerId.eq(server.id))
        .filter(Column::State.eq(State::Wanted.name()));
    wanted.col_expr(Column::State, Expr::value(State::Attached.name())).exec(&**tx).await.map(drop)
}

/// Removes all of a server.
pub async fn delete_of(tx: &WriteTx, server: &server::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ServerId.eq(server.id)).exec(&**tx).await.map(drop)
}
