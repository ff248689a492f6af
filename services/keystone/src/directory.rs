//! Users, projects and roles as tokens need them, remembered until anything changes.

use std::sync::Arc;

use contracts::identity::{InDomain, Named};
use platform::db::Database;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, Select};

use crate::{
    memory::Memory,
    model::{project, user},
    roles::{self, RoleBook},
    token::Place,
};

/// A user with its domain.
#[derive(Debug)]
pub(crate) struct UserFacts {
    pub(crate) row: user::Model,
    pub(crate) domain: Arc<ProjectFacts>,
}

impl UserFacts {
    /// Whether the user may have tokens at all.
    pub(crate) fn active(&self) -> bool {
        self.row.enabled && self.domain.enabled
    }

    pub(crate) fn in_domain(&self) -> InDomain {
        InDomain { id: self.row.id.clone(), name: self.row.name.clone(), domain: self.domain.named() }
    }
}

/// A project, or a domain (whose own domain is itself).
#[derive(Debug)]
pub(crate) struct ProjectFacts {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) is_domain: bool,
    /// Itself and its domain.
    pub(crate) enabled: bool,
    pub(crate) domain: Named,
    /// What it lies in: the parent first, the domain last.
    pub(crate) ancestors: Vec<String>,
}

impl ProjectFacts {
    pub(crate) fn named(&self) -> Named {
        Named { id: self.id.clone(), name: self.name.clone() }
    }

    pub(crate) fn in_domain(&self) -> InDomain {
        InDomain { id: self.id.clone(), name: self.name.clone(), domain: self.domain.clone() }
    }
}

pub(crate) struct Directory {
    pub(crate) db: Database,
    pub(crate) memory: Memory,
}

impl Directory {
    pub(crate) async fn user(&self, id: &str) -> Result<Option<Arc<UserFacts>>, DbErr> {
        self.find_user(format!("id {id}"), user::Entity::find_by_id(id)).await
    }

    pub(crate) async fn user_named(&self, domain: &str, name: &str) -> Result<Option<Arc<UserFacts>>, DbErr> {
        let select = user::Entity::find()
            .filter(user::Column::DomainId.eq(domain))
            .filter(user::Column::Name.eq(name));
        self.find_user(format!("name {domain} {name}"), select).await
    }

    async fn find_user(
        &self,
        key: String,
        select: Select<user::Entity>,
    ) -> Result<Option<Arc<UserFacts>>, DbErr> {
        let key = (self.memory.generation(), key);
        if let Some(known) = self.memory.users.get(&key) {
            return Ok(Some(known));
        }
        let Some(row) = select.one(self.db.read()).await? else { return Ok(None) };
        let Some(domain) = self.domain(&row.domain_id).await? else { return Ok(None) };
        let facts = Arc::new(UserFacts { row, domain });
        self.memory.users.insert(key, facts.clone());
        Ok(Some(facts))
    }

    /// A project or a domain.
    pub(crate) async fn project(&self, id: &str) -> Result<Option<Arc<ProjectFacts>>, DbErr> {
        self.find_project(format!("id {id}"), project::Entity::find_by_id(id)).await
    }

    pub(crate) async fn project_named(
        &self,
        domain: &str,
        name: &str,
    ) -> Result<Option<Arc<ProjectFacts>>, DbErr> {
        let select = project::Entity::find()
            .filter(project::Column::DomainId.eq(domain))
            .filter(project::Column::Name.eq(name));
        self.find_project(format!("name {domain} {name}"), select).await
    }

    pub(crate) async fn domain(&self, id: &str) -> Result<Option<Arc<ProjectFacts>>, DbErr> {
        Ok(self.project(id).await?.filter(|project| project.is_domain))
    }

    pub(crate) async fn domain_named(&self, name: &str) -> Result<Option<Arc<ProjectFacts>>, DbErr> {
        self.project_named("", name).await
    }

    async fn find_project(
        &self,
        key: String,
        select: Select<project::Entity>,
    ) -> Result<Option<Arc<ProjectFacts>>, DbErr> {
        let key = (self.memory.generation(), key);
        if let Some(known) = self.memory.projects.get(&key) {
            return Ok(Some(known));
        }
        let Some(row) = select.one(self.db.read()).await? else { return Ok(None) };
        let facts = if row.is_domain {
            let domain = Named { id: row.id.clone(), name: row.name.clone() };
            ProjectFacts {
                id: row.id,
                name: row.name,
                is_domain: true,
                enabled: row.enabled,
                domain,
                ancestors: Vec::new(),
            }
        } else {
            // As deep as the tree of projects, which is bounded; each level is remembered.
            let Some(parent) = Box::pin(self.project(&row.parent_id)).await? else { return Ok(None) };
            let Some(domain) = Box::pin(self.project(&row.domain_id)).await? else { return Ok(None) };
            let mut ancestors = vec![parent.id.clone()];
            ancestors.extend(parent.ancestors.iter().cloned());
            ProjectFacts {
                id: row.id,
                name: row.name,
                is_domain: false,
                enabled: row.enabled && domain.enabled,
                domain: domain.named(),
                ancestors,
            }
        };
        let facts = Arc::new(facts);
        self.memory.projects.insert(key, facts.clone());
        Ok(Some(facts))
    }

    /// All roles.
    pub(crate) async fn book(&self) -> Result<Arc<RoleBook>, DbErr> {
        let generation = self.memory.generation();
        if let Some(known) = self.memory.books.get(&generation) {
            return Ok(known);
        }
        let book = Arc::new(RoleBook::read(self.db.read()).await?);
        self.memory.books.insert(generation, book.clone());
        Ok(book)
    }

    /// The roles that the user has there, implied ones included, as a token shows them.
    pub(crate) async fn roles(&self, user: &str, place: &Place) -> Result<Arc<Vec<Named>>, DbErr> {
        let key = (
            self.memory.generation(),
            match place {
                Place::Unscoped => return Ok(Arc::default()),
                Place::Project(id) => format!("{user} project {id}"),
                Place::Domain(id) => format!("{user} domain {id}"),
                Place::System => format!("{user} system"),
            },
        );
        if let Some(known) = self.memory.roles.get(&key) {
            return Ok(known);
        }
        let there = match place {
            Place::Project(id) => match self.project(id).await? {
                Some(project) => roles::in_project(&project),
                None => return Ok(Arc::default()),
            },
            Place::Domain(id) => roles::on("domain", id),
            _ => roles::on("system", "all"),
        };
        let assigned = roles::assigned(self.db.read(), roles::of_user(user), there).await?;
        let book = self.book().await?;
        let roles = Arc::new(book.shown(book.closure(assigned)));
        self.memory.roles.insert(key, roles.clone());
        Ok(roles)
    }
}
