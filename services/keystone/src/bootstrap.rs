//! The first domain, projects, users, roles and the catalog. May be asked at every start: it makes what is not there,
//! brings addresses up to date, and leaves the rest alone.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use crate::{
    Keystone,
    change::Change,
    error::BootstrapError,
    ids::{new_id, now},
    model::{assignment, endpoint, implied_role, project, region, role, service, user},
};

/// What the bootstrap makes.
#[derive(Clone)]
pub struct BootstrapRequest {
    /// The password of the user `admin`.
    pub admin_password: String,
    /// Whether the password is set even where the user is there already.
    pub reset_admin_password: bool,
    /// The password of the user `demo`, who is a member of the project `demo`, if there is to be one.
    pub demo_password: Option<String>,
    /// The region of the endpoints.
    pub region: String,
    /// The public address of Pileus, without a slash at the end: `http://127.0.0.1:8780`.
    pub base_url: String,
    /// The services.
    pub services: Vec<CatalogService>,
}

/// A service of the catalog.
#[derive(Debug, Clone)]
pub struct CatalogService {
    /// Its type: `compute`.
    pub kind: String,
    /// Its name: `nova`.
    pub name: String,
    /// The path below the public address; may ask for `%(project_id)s`.
    pub path: String,
}

const ROLES: [&str; 5] = ["admin", "manager", "member", "reader", "service"];
const IMPLIED: [(&str, &str); 3] = [("admin", "manager"), ("manager", "member"), ("member", "reader")];
const DOMAIN: &str = "default";

impl Keystone {
    /// Makes what every cloud begins with. Returns the id of the administrators' project.
    pub async fn bootstrap(&self, request: &BootstrapRequest) -> Result<String, BootstrapError> {
        let admin_hash =
            self.hash_for("admin", &request.admin_password, request.reset_admin_password).await?;
        let demo_hash = match &request.demo_password {
            Some(password) => self.hash_for("demo", password, false).await?,
            None => None,
        };
        let tx = self.change().await?;
        ensure_project(&tx, "", "Default", Some(DOMAIN), "The default domain").await?;
        let admin_project =
            ensure_project(&tx, DOMAIN, "admin", None, "Bootstrap project for initializing the cloud.")
                .await?;
        ensure_project(&tx, DOMAIN, "service", None, "Services of the cloud.").await?;
        let mut roles = std::collections::HashMap::new();
        for name in ROLES {
            roles.insert(name, ensure_role(&tx, name).await?);
        }
        for (prior, implied) in IMPLIED {
            ensure_implied(&tx, &roles[prior], &roles[implied]).await?;
        }
        let admin = ensure_user(&tx, "admin", admin_hash).await?;
        ensure_assignment(&tx, &admin, "project", &admin_project, &roles["admin"]).await?;
        ensure_assignment(&tx, &admin, "system", "all", &roles["admin"]).await?;
        if request.demo_password.is_some() {
            let project = ensure_project(&tx, DOMAIN, "demo", None, "").await?;
            let demo = ensure_user(&tx, "demo", demo_hash).await?;
            ensure_assignment(&tx, &demo, "project", &project, &roles["member"]).await?;
            ensure_assignment(&tx, &admin, "project", &project, &roles["admin"]).await?;
        }
        ensure_region(&tx, &request.region).await?;
        let base = request.base_url.trim_end_matches('/');
        for wanted in &request.services {
            ensure_service(&tx, wanted, base, &request.region).await?;
        }
        tx.commit().await?;
        Ok(admin_project)
    }

    /// The hash that the user is to have, or none where it keeps its own.
    async fn hash_for(
        &self,
        name: &str,
        password: &str,
        reset: bool,
    ) -> Result<Option<String>, BootstrapError> {
        if !reset && self.authority.directory.user_named(DOMAIN, name).await?.is_some() {
            return Ok(None);
        }
        let hash = self.passwords.hash(password).await.map_err(|_| BootstrapError::Password)?;
        Ok(Some(hash))
    }
}

async fn ensure_project(
    tx: &Change,
    domain: &str,
    name: &str,
    id: Option<&str>,
    description: &str,
) -> Result<String, BootstrapError> {
    let known = match id {
        Some(id) => project::Entity::find_by_id(id).one(tx.db()).await?,
        None => {
            project::Entity::find()
                .filter(project::Column::DomainId.eq(domain))
                .filter(project::Column::Name.eq(name))
                .one(tx.db())
                .await?
        }
    };
    if let Some(known) = known {
        return Ok(known.id);
    }
    let id = id.map_or_else(new_id, str::to_owned);
    let row = project::ActiveModel {
        id: Set(id.clone()),
        domain_id: Set(domain.to_owned()),
        name: Set(name.to_owned()),
        parent_id: Set(domain.to_owned()),
        is_domain: Set(domain.is_empty()),
        enabled: Set(true),
        description: Set(description.to_owned()),
        options: Set(json!({})),
        extra: Set(json!({})),
    };
    project::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(id)
}

async fn ensure_role(tx: &Change, name: &str) -> Result<String, BootstrapError> {
    let known = role::Entity::find()
        .filter(role::Column::DomainId.eq(""))
        .filter(role::Column::Name.eq(name))
        .one(tx.db())
        .await?;
    if let Some(known) = known {
        return Ok(known.id);
    }
    let id = new_id();
    let row = role::ActiveModel {
        id: Set(id.clone()),
        name: Set(name.to_owned()),
        domain_id: Set(String::new()),
        description: Set(None),
        options: Set(json!({"immutable": true})),
        extra: Set(json!({})),
    };
    role::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(id)
}

async fn ensure_implied(tx: &Change, prior: &str, implied: &str) -> Result<(), BootstrapError> {
    let key = (prior.to_owned(), implied.to_owned());
    if implied_role::Entity::find_by_id(key).one(tx.db()).await?.is_none() {
        let row = implied_role::ActiveModel {
            prior_id: Set(prior.to_owned()),
            implied_id: Set(implied.to_owned()),
        };
        implied_role::Entity::insert(row).exec_without_returning(tx.db()).await?;
    }
    Ok(())
}

async fn ensure_user(tx: &Change, name: &str, hash: Option<String>) -> Result<String, BootstrapError> {
    let known = user::Entity::find()
        .filter(user::Column::DomainId.eq(DOMAIN))
        .filter(user::Column::Name.eq(name))
        .one(tx.db())
        .await?;
    if let Some(known) = known {
        if let Some(hash) = hash {
            let row = user::ActiveModel {
                id: Set(known.id.clone()),
                enabled: Set(true),
                password_hash: Set(Some(hash)),
                password_created_at: Set(Some(now())),
                password_expires_at: Set(None),
                ..Default::default()
            };
            user::Entity::update(row).exec(tx.db()).await?;
        }
        return Ok(known.id);
    }
    let id = new_id();
    let row = user::ActiveModel {
        id: Set(id.clone()),
        domain_id: Set(DOMAIN.to_owned()),
        name: Set(name.to_owned()),
        enabled: Set(true),
        default_project_id: Set(None),
        description: Set(None),
        password_created_at: Set(hash.as_ref().map(|_| now())),
        password_hash: Set(hash),
        password_expires_at: Set(None),
        options: Set(json!({})),
        extra: Set(json!({})),
        created_at: Set(now()),
    };
    user::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(id)
}

async fn ensure_assignment(
    tx: &Change,
    user: &str,
    kind: &str,
    target: &str,
    role: &str,
) -> Result<(), BootstrapError> {
    let row = assignment::Model {
        actor_kind: "user".into(),
        actor_id: user.into(),
        target_kind: kind.into(),
        target_id: target.into(),
        role_id: role.into(),
        inherited: false,
    };
    crate::api::assign(tx, row).await?;
    Ok(())
}

async fn ensure_region(tx: &Change, id: &str) -> Result<(), BootstrapError> {
    if region::Entity::find_by_id(id).one(tx.db()).await?.is_none() {
        let row = region::ActiveModel {
            id: Set(id.to_owned()),
            parent_region_id: Set(String::new()),
            description: Set(String::new()),
            extra: Set(json!({})),
        };
        region::Entity::insert(row).exec_without_returning(tx.db()).await?;
    }
    Ok(())
}

async fn ensure_service(
    tx: &Change,
    wanted: &CatalogService,
    base: &str,
    region: &str,
) -> Result<(), BootstrapError> {
    let known = service::Entity::find()
        .filter(service::Column::Kind.eq(wanted.kind.as_str()))
        .filter(service::Column::Name.eq(wanted.name.as_str()))
        .one(tx.db())
        .await?;
    let id = match known {
        Some(known) => known.id,
        None => {
            let id = new_id();
            let row = service::ActiveModel {
                id: Set(id.clone()),
                kind: Set(wanted.kind.clone()),
                name: Set(wanted.name.clone()),
                description: Set(None),
                enabled: Set(true),
                extra: Set(json!({})),
            };
            service::Entity::insert(row).exec_without_returning(tx.db()).await?;
            id
        }
    };
    let there = endpoint::Entity::find()
        .filter(endpoint::Column::ServiceId.eq(id.as_str()))
        .filter(endpoint::Column::RegionId.eq(region))
        .all(tx.db())
        .await?;
    let url = format!("{base}{}", wanted.path);
    for interface in ["public", "internal", "admin"] {
        match there.iter().find(|endpoint| endpoint.interface == interface) {
            Some(known) if known.url == url => {}
            Some(known) => {
                let row = endpoint::ActiveModel {
                    id: Set(known.id.clone()),
                    url: Set(url.clone()),
                    ..Default::default()
                };
                endpoint::Entity::update(row).exec(tx.db()).await?;
            }
            None => {
                let row = endpoint::ActiveModel {
                    id: Set(new_id()),
                    service_id: Set(id.clone()),
                    interface: Set(interface.to_owned()),
                    region_id: Set(Some(region.to_owned())),
                    url: Set(url.clone()),
                    enabled: Set(true),
                    extra: Set(json!({})),
                };
                endpoint::Entity::insert(row).exec_without_returning(tx.db()).await?;
            }
        }
    }
    Ok(())
}
