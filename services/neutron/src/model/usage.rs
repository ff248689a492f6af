//! How many of each kind a project has.

use platform::db::list::count;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::{floatingip, group, group_rule, network, port, rbac, router, subnet, subnetpool};
use crate::quota::Counted;

pub(crate) async fn of(db: &impl ConnectionTrait, project: &str, counted: Counted) -> Result<u64, DbErr> {
    macro_rules! rows {
        ($table:ident) => {
            count(db, $table::Entity::find().filter($table::Column::ProjectId.eq(project))).await
        };
    }
    match counted {
        Counted::Network => rows!(network),
        Counted::Subnet => rows!(subnet),
        Counted::SubnetPool => rows!(subnetpool),
        Counted::Port => rows!(port),
        Counted::Router => rows!(router),
        Counted::FloatingIp => rows!(floatingip),
        Counted::Group => rows!(group),
        Counted::GroupRule => rows!(group_rule),
        Counted::Rbac => rows!(rbac),
    }
}
