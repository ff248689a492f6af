//! Servers. The row is the only truth about a server: what it is, what is wanted of it (`task_state`, `task`), and what
//! is known of its machine.
//!
//! | file | what it has |
//! |---|---|
//! | `row.rs` | the table |
//! | `details.rs` | what its columns of JSON hold |
//! | `change.rs` | how a row is changed: as long as it is what was seen |
//! | `list.rs` | lists, by page |
//! | `filters.rs` | what lists can be filtered by |
//! | `hosts.rs` | which servers are on which host |
//! | `usage.rs` | what servers use, counted |

mod change;
mod details;
mod filters;
mod hosts;
mod list;
mod row;
mod usage;

use std::collections::HashSet;

use platform::{
    db::owned::{Inside, Owned, Scope, Sealed},
    policy::Target,
};
use sea_orm::{QuerySelect, Select, entity::prelude::*};

use crate::error::NovaError;

pub use change::{change, change_anyway, lock, mark_deleted, pin, remember_ports, reset};
pub use details::{Card, Cards, ImageSnapshot, Origin, Rotation, ServerFault, TaskDetails};
pub use filters::Asking;
pub use hosts::{HostUse, by_host, count_on, hosts_of, is_pinned, on_host, use_of_hosts};
pub use list::{LIST, page};
pub use row::Model;
pub(super) use row::{Column, Entity};
pub use usage::{ran_between, sizes};

impl Owned for Model {
    type Missing = NovaError;

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str()).with("user_id", self.user_id.as_str())
    }

    fn missing(id: &str) -> NovaError {
        NovaError::InstanceNotFound(id.chars().take(255).collect())
    }
}

/// Those that are not gone.
pub(super) fn living() -> Select<Entity> {
    Entity::find().filter(Column::Deleted.eq(false))
}

/// The server of that id that is not gone.
pub async fn find(db: &impl ConnectionTrait, id: impl ToString) -> Result<Sealed<Model>, DbErr> {
    sought(db, id, living()).await
}

/// The server of that id, gone or not.
pub async fn find_even_gone(db: &impl ConnectionTrait, id: impl ToString) -> Result<Sealed<Model>, DbErr> {
    sought(db, id, Entity::find()).await
}

async fn sought(
    db: &impl ConnectionTrait,
    id: impl ToString,
    among: Select<Entity>,
) -> Result<Sealed<Model>, DbErr> {
    let id = id.to_string();
    let row = match Uuid::parse_str(&id) {
        Ok(uuid) => among.filter(Column::Id.eq(uuid)).one(db).await?,
        Err(_) => None,
    };
    Ok(Sealed::new(id, row))
}

/// A server as it is by now, if it is not gone.
pub async fn again(db: &impl ConnectionTrait, server: &Model) -> Result<Option<Model>, DbErr> {
    living().filter(Column::Id.eq(server.id)).one(db).await
}

/// Which of these are there, and not gone.
pub async fn which(
    db: &impl ConnectionTrait,
    scope: &Scope,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashSet<Uuid>, DbErr> {
    let known = living().filter(scope.by_project(Column::ProjectId)).filter(Column::Id.is_in(ids));
    ids_of(db, known).await
}

/// Of which of these there is a row, be they gone.
pub async fn recorded(
    db: &impl ConnectionTrait,
    _: &Inside,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashSet<Uuid>, DbErr> {
    ids_of(db, Entity::find().filter(Column::Id.is_in(ids))).await
}

/// Those to which something is to be done.
pub async fn pending(db: &impl ConnectionTrait, _: &Inside) -> Result<HashSet<Uuid>, DbErr> {
    ids_of(db, living().filter(Column::TaskState.is_not_null())).await
}

/// Those that have a host.
pub async fn placed(db: &impl ConnectionTrait, _: &Inside) -> Result<HashSet<Uuid>, DbErr> {
    ids_of(db, living().filter(Column::Host.is_not_null())).await
}

async fn ids_of(db: &impl ConnectionTrait, select: Select<Entity>) -> Result<HashSet<Uuid>, DbErr> {
    let ids: Vec<Uuid> = select.select_only().column(Column::Id).into_tuple().all(db).await?;
    Ok(ids.into_iter().collect())
}
