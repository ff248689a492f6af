//! Tables: one file for each, and what is asked of them. Those of a project are sealed: their tables can't be queried
//! from elsewhere.

pub(crate) mod default_group;
mod eyes;
pub(crate) mod fixed_ip;
pub(crate) mod floatingip;
pub(crate) mod group;
pub(crate) mod group_rule;
pub(crate) mod intention;
pub(crate) mod json;
pub(crate) mod migrations;
pub(crate) mod network;
pub(crate) mod port;
pub(crate) mod port_group;
pub(crate) mod quota;
pub(crate) mod rbac;
pub(crate) mod router;
pub(crate) mod subnet;
pub(crate) mod subnetpool;
pub(crate) mod tag;
mod tagged;
pub(crate) mod usage;

pub(crate) use eyes::Eyes;
pub(crate) use tagged::Tagged;

use platform::policy::Target;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, PrimaryKeyTrait, QueryFilter, Select, Value,
};
use uuid::Uuid;

/// How many values one query names at the most.
pub(crate) const BATCH: usize = 500;

/// What has an id.
pub(crate) trait Known {
    fn id(&self) -> Uuid;
}

/// What goes with a network.
pub(crate) trait OnNetwork {
    fn network_id(&self) -> Uuid;
}

macro_rules! known {
    ($($table:ident)*) => {$(
        impl Known for $table::Model {
            fn id(&self) -> Uuid {
                self.id
            }
        }
    )*};
}

macro_rules! on_network {
    ($($table:ident)*) => {$(
        impl OnNetwork for $table::Model {
            fn network_id(&self) -> Uuid {
                self.network_id
            }
        }
    )*};
}

known!(network subnet subnetpool port router floatingip group group_rule rbac);
on_network!(subnet port floatingip);

impl OnNetwork for network::Model {
    fn network_id(&self) -> Uuid {
        self.id
    }
}

impl Known for network::Seen {
    fn id(&self) -> Uuid {
        self.network.id
    }
}

impl<R: Known> Known for Placed<R> {
    fn id(&self) -> Uuid {
        self.row.id()
    }
}

/// Something on a network, with the network as the caller's project sees it: its owner may do much to it.
pub(crate) struct Placed<R> {
    pub(crate) row: R,
    pub(crate) on: network::Seen,
}

impl<R> Placed<R> {
    /// What belongs to that project and is on the network, as the target of a policy.
    fn target_of<'a>(&'a self, project: &'a str) -> Target<'a> {
        self.on.target_of(project)
    }
}

/// The ids of rows, each once.
fn ids_of<'r, R: 'r>(rows: impl IntoIterator<Item = &'r R>, id: impl Fn(&R) -> Option<Uuid>) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = rows.into_iter().filter_map(id).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// All rows whose column has one of these values: as many queries as there are batches, not as there are values.
async fn all_in<E, V>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    column: E::Column,
    values: &[V],
) -> Result<Vec<E::Model>, DbErr>
where
    E: EntityTrait,
    V: Clone + Into<Value>,
{
    let mut rows = Vec::new();
    for batch in values.chunks(BATCH) {
        rows.extend(select.clone().filter(column.is_in(batch.iter().cloned())).all(db).await?);
    }
    Ok(rows)
}

/// The row of that UUID. What is no UUID is no row's.
async fn by_id<E>(db: &impl ConnectionTrait, id: &str) -> Result<Option<E::Model>, DbErr>
where
    E: EntityTrait,
    <E::PrimaryKey as PrimaryKeyTrait>::ValueType: From<Uuid>,
{
    match Uuid::parse_str(id) {
        Ok(id) => E::find_by_id(id).one(db).await,
        Err(_) => Ok(None),
    }
}

/// Of what there is none.
fn nothing() -> sea_orm::sea_query::SimpleExpr {
    sea_orm::sea_query::Expr::val(1).eq(0)
}
