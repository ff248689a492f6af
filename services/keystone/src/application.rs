//! Application credentials as they are needed to log in, to check a token and to show one.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use crate::model::{
    access_rule, application_credential, application_credential_access_rule, application_credential_role,
    end::End,
};

/// A credential with what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) row: application_credential::Model,
    pub(crate) roles: Vec<String>,
    pub(crate) access_rules: Vec<access_rule::Model>,
}

impl Credential {
    /// Whether it is past its time.
    pub(crate) fn expired(&self) -> bool {
        self.row.expires_at.is_some_and(End::over)
    }
}

pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Credential>, DbErr> {
    let row = application_credential::Entity::find_by_id(id).one(db).await?;
    Ok(complete(db, row.into_iter().collect()).await?.pop())
}

/// The rows with their roles and access rules: three queries, whatever the number.
pub(crate) async fn complete(
    db: &impl ConnectionTrait,
    rows: Vec<application_credential::Model>,
) -> Result<Vec<Credential>, DbErr> {
    use application_credential_access_rule::Column as RuleOf;
    use application_credential_role::Column as RoleOf;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut roles: HashMap<String, Vec<String>> = HashMap::new();
    for link in application_credential_role::Entity::find()
        .filter(RoleOf::ApplicationCredentialId.is_in(ids.clone()))
        .order_by_asc(RoleOf::RoleId)
        .all(db)
        .await?
    {
        roles.entry(link.application_credential_id).or_default().push(link.role_id);
    }
    let links = application_credential_access_rule::Entity::find()
        .filter(RuleOf::ApplicationCredentialId.is_in(ids))
        .all(db)
        .await?;
    let known: HashMap<String, access_rule::Model> = if links.is_empty() {
        HashMap::new()
    } else {
        access_rule::Entity::find()
            .filter(access_rule::Column::Id.is_in(links.iter().map(|link| link.access_rule_id.as_str())))
            .all(db)
            .await?
            .into_iter()
            .map(|rule| (rule.id.clone(), rule))
            .collect()
    };
    let mut rules: HashMap<String, Vec<access_rule::Model>> = HashMap::new();
    for link in links {
        if let Some(rule) = known.get(&link.access_rule_id) {
            rules.entry(link.application_credential_id).or_default().push(rule.clone());
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| Credential {
            roles: roles.remove(&row.id).unwrap_or_default(),
            access_rules: rules.remove(&row.id).unwrap_or_default(),
            row,
        })
        .collect())
}
