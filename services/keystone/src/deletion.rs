//! What goes with a user, a group, a project, a domain or a role when it is deleted, and is not joined by foreign keys.

use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::{
    authority::Authority,
    change::Change,
    model::{
        application_credential, assignment, credential, domain_config, group, limit, project, role, trust,
        user,
    },
};

/// A user: assignments and credentials; its tokens are void.
pub(crate) async fn users(authority: &Authority, tx: &Change, ids: &[String]) -> Result<(), DbErr> {
    assignments_of(tx, "user", ids).await?;
    credential::Entity::delete_many()
        .filter(credential::Column::UserId.is_in(ids.iter().map(String::as_str)))
        .exec(tx.db())
        .await?;
    for id in ids {
        authority.void(tx.db(), format!("user:{id}")).await?;
    }
    user::Entity::delete_many()
        .filter(user::Column::Id.is_in(ids.iter().map(String::as_str)))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Groups: their assignments.
pub(crate) async fn groups(tx: &Change, ids: &[String]) -> Result<(), DbErr> {
    assignments_of(tx, "group", ids).await?;
    group::Entity::delete_many()
        .filter(group::Column::Id.is_in(ids.iter().map(String::as_str)))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Projects: what is assigned in them, credentials for them, limits, trusts.
pub(crate) async fn projects(tx: &Change, ids: &[String]) -> Result<(), DbErr> {
    let db = tx.db();
    let these = || ids.iter().map(String::as_str);
    assignment::Entity::delete_many().filter(assignment::Column::TargetId.is_in(these())).exec(db).await?;
    credential::Entity::delete_many().filter(credential::Column::ProjectId.is_in(these())).exec(db).await?;
    application_credential::Entity::delete_many()
        .filter(application_credential::Column::ProjectId.is_in(these()))
        .exec(db)
        .await?;
    trust::Entity::delete_many().filter(trust::Column::ProjectId.is_in(these())).exec(db).await?;
    limit::Entity::delete_many()
        .filter(
            Condition::any()
                .add(limit::Column::ProjectId.is_in(these()))
                .add(limit::Column::DomainId.is_in(these())),
        )
        .exec(db)
        .await?;
    user::Entity::update_many()
        .col_expr(user::Column::DefaultProjectId, sea_orm::sea_query::Expr::value(None::<String>))
        .filter(user::Column::DefaultProjectId.is_in(these()))
        .exec(db)
        .await?;
    project::Entity::delete_many().filter(project::Column::Id.is_in(these())).exec(db).await?;
    Ok(())
}

/// A domain with all that is in it.
pub(crate) async fn domain(authority: &Authority, tx: &Change, id: &str) -> Result<(), DbErr> {
    let db = tx.db();
    let people: Vec<String> = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .filter(user::Column::DomainId.eq(id))
        .into_tuple()
        .all(db)
        .await?;
    let circles: Vec<String> = group::Entity::find()
        .select_only()
        .column(group::Column::Id)
        .filter(group::Column::DomainId.eq(id))
        .into_tuple()
        .all(db)
        .await?;
    let mut places: Vec<String> = project::Entity::find()
        .select_only()
        .column(project::Column::Id)
        .filter(project::Column::DomainId.eq(id))
        .into_tuple()
        .all(db)
        .await?;
    places.push(id.to_owned());
    users(authority, tx, &people).await?;
    groups(tx, &circles).await?;
    role::Entity::delete_many().filter(role::Column::DomainId.eq(id)).exec(db).await?;
    domain_config::Entity::delete_many().filter(domain_config::Column::DomainId.eq(id)).exec(db).await?;
    authority.void(db, format!("domain:{id}")).await?;
    projects(tx, &places).await
}

async fn assignments_of(tx: &Change, kind: &str, ids: &[String]) -> Result<(), DbErr> {
    assignment::Entity::delete_many()
        .filter(assignment::Column::ActorKind.eq(kind))
        .filter(assignment::Column::ActorId.is_in(ids.iter().map(String::as_str)))
        .exec(tx.db())
        .await?;
    Ok(())
}
