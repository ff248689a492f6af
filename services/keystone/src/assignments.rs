//! Who has which role where, as a list: as assigned, or in effect (groups, inheritance and implied roles worked out).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contracts::identity::Named;
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, sea_query::ExprTrait};

use crate::{
    directory::Directory,
    model::{assignment, group, membership, project, role, user},
    roles,
};

/// What a list is asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) user: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) project: Option<String>,
    pub(crate) domain: Option<String>,
    pub(crate) system: bool,
    pub(crate) inherited: Option<bool>,
    pub(crate) effective: bool,
    pub(crate) subtree: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Actor {
    User(String),
    Group(String),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Project(String),
    Domain(String),
    System,
}

/// A role that somebody has somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Assigned {
    pub(crate) actor: Actor,
    pub(crate) target: Target,
    pub(crate) role: String,
    /// Whether it is inherited, or will be.
    pub(crate) inherited: bool,
    /// The group by which the user has it.
    pub(crate) by_group: Option<String>,
    /// The role that implies it.
    pub(crate) by_role: Option<String>,
    /// What it is inherited from.
    pub(crate) source: Option<Target>,
}

impl Assigned {
    fn of(row: &assignment::Model) -> Self {
        let id = row.actor_id.clone();
        Self {
            actor: if row.actor_kind == "user" { Actor::User(id) } else { Actor::Group(id) },
            target: match row.target_kind.as_str() {
                "project" => Target::Project(row.target_id.clone()),
                "domain" => Target::Domain(row.target_id.clone()),
                _ => Target::System,
            },
            role: row.role_id.clone(),
            inherited: row.inherited,
            by_group: None,
            by_role: None,
            source: None,
        }
    }
}

/// Names of what a list speaks of.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: HashMap<(&'static str, String), (String, String)>,
    domains: HashMap<String, String>,
}

impl Names {
    /// The name, and the domain where there is one.
    pub(crate) fn of(&self, kind: &str, id: &str) -> Option<(&str, Option<Named>)> {
        let kind = ["user", "group", "project", "domain", "role"].into_iter().find(|known| *known == kind)?;
        let (name, domain) = self.known.get(&(kind, id.to_owned()))?;
        let domain = self.domains.get(domain).map(|name| Named { id: domain.clone(), name: name.clone() });
        Some((name, domain))
    }
}

/// As many ids as one query names; beyond that the whole table is read.
const MOST_IDS: usize = 500;

impl Directory {
    /// The list.
    pub(crate) async fn assignments(&self, asked: &Asked) -> Result<Vec<Assigned>, DbErr> {
        let rows =
            assignment::Entity::find().filter(self.condition(asked).await?).all(self.db.read()).await?;
        if !asked.effective {
            return Ok(rows.iter().map(Assigned::of).collect());
        }
        let members = self.members(&rows).await?;
        let tree = Tree::read(self, &rows).await?;
        let within = match &asked.project {
            Some(id) if asked.subtree => Some(self.subtree(id).await?),
            Some(id) => Some(BTreeSet::from([id.clone()])),
            None => None,
        };
        let book = self.book().await?;
        let mut all = BTreeSet::new();
        for row in &rows {
            for held in expand(row, &members, &tree) {
                let here = match (&held.target, &within) {
                    (Target::Project(id), Some(within)) => within.contains(id),
                    (_, Some(_)) => false,
                    (_, None) => true,
                };
                let theirs = match (&held.actor, &asked.user) {
                    (Actor::User(id), Some(user)) => id == user,
                    _ => true,
                };
                let so = asked.inherited.is_none_or(|inherited| held.source.is_some() == inherited);
                if here && theirs && so {
                    all.extend(implied(&held, &book));
                }
            }
        }
        all.retain(|one| asked.role.as_ref().is_none_or(|role| one.role == *role));
        Ok(all.into_iter().collect())
    }

    async fn condition(&self, asked: &Asked) -> Result<Condition, DbErr> {
        use assignment::Column;
        let mut all = Condition::all();
        if let Some(user) = &asked.user {
            all = all.add(match asked.effective {
                true => roles::of_user(user),
                false => {
                    Condition::all().add(Column::ActorKind.eq("user")).add(Column::ActorId.eq(user.as_str()))
                }
            });
        }
        if let Some(group) = &asked.group {
            all = all.add(Column::ActorKind.eq("group")).add(Column::ActorId.eq(group.as_str()));
        }
        if let (Some(role), false) = (&asked.role, asked.effective) {
            all = all.add(Column::RoleId.eq(role.as_str()));
        }
        if let (Some(inherited), false) = (asked.inherited, asked.effective) {
            all = all.add(Column::Inherited.eq(inherited));
        }
        if let Some(id) = &asked.project {
            let within = if asked.subtree { self.subtree(id).await? } else { BTreeSet::from([id.clone()]) };
            let mut here =
                Condition::any().add(Column::TargetKind.eq("project").and(Column::TargetId.is_in(within)));
            if asked.effective
                && let Some(facts) = self.project(id).await?
            {
                here =
                    here.add(Column::Inherited.eq(true).and(Column::TargetId.is_in(facts.ancestors.clone())));
            }
            all = all.add(here);
        }
        if let Some(id) = &asked.domain {
            all = all.add(Column::TargetKind.eq("domain")).add(Column::TargetId.eq(id.as_str()));
        }
        if asked.system {
            all = all.add(Column::TargetKind.eq("system"));
        }
        Ok(all)
    }

    /// The project and all that lies in it.
    async fn subtree(&self, id: &str) -> Result<BTreeSet<String>, DbErr> {
        let mut all = BTreeSet::from([id.to_owned()]);
        let mut level = vec![id.to_owned()];
        while !level.is_empty() {
            let rows = project::Entity::find()
                .filter(project::Column::ParentId.is_in(level))
                .all(self.db.read())
                .await?;
            level = rows.into_iter().map(|row| row.id).collect();
            all.extend(level.iter().cloned());
        }
        Ok(all)
    }

    /// Users by group, of the groups that rows speak of.
    async fn members(&self, rows: &[assignment::Model]) -> Result<HashMap<String, Vec<String>>, DbErr> {
        let groups: BTreeSet<&str> =
            rows.iter().filter(|row| row.actor_kind == "group").map(|row| row.actor_id.as_str()).collect();
        let mut members: HashMap<String, Vec<String>> = HashMap::new();
        if groups.is_empty() {
            return Ok(members);
        }
        let mut select = membership::Entity::find();
        if groups.len() <= MOST_IDS {
            select = select.filter(membership::Column::GroupId.is_in(groups));
        }
        for row in select.all(self.db.read()).await? {
            members.entry(row.group_id).or_default().push(row.user_id);
        }
        Ok(members)
    }

    /// Leaves what belongs to a domain: a domain-scoped token sees no more.
    pub(crate) async fn keep_domain(&self, all: &mut Vec<Assigned>, domain: &str) -> Result<(), DbErr> {
        let inside: BTreeSet<String> = project::Entity::find()
            .filter(project::Column::DomainId.eq(domain))
            .all(self.db.read())
            .await?
            .into_iter()
            .map(|row| row.id)
            .collect();
        all.retain(|one| match &one.target {
            Target::Project(id) => inside.contains(id),
            Target::Domain(id) => id == domain,
            Target::System => false,
        });
        Ok(())
    }

    /// Names of what the list speaks of: one query for each kind.
    pub(crate) async fn names(&self, all: &[Assigned]) -> Result<Names, DbErr> {
        let (mut users, mut groups, mut places) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for one in all {
            match &one.actor {
                Actor::User(id) => users.insert(id.as_str()),
                Actor::Group(id) => groups.insert(id.as_str()),
            };
            if let Target::Project(id) | Target::Domain(id) = &one.target {
                places.insert(id.as_str());
            }
        }
        let db = self.db.read();
        let mut names = Names::default();
        let mut select = user::Entity::find();
        if users.len() <= MOST_IDS {
            select = select.filter(user::Column::Id.is_in(users));
        }
        for row in select.all(db).await? {
            names.known.insert(("user", row.id), (row.name, row.domain_id));
        }
        let mut select = group::Entity::find();
        if groups.len() <= MOST_IDS {
            select = select.filter(group::Column::Id.is_in(groups));
        }
        for row in select.all(db).await? {
            names.known.insert(("group", row.id), (row.name, row.domain_id));
        }
        let mut select = project::Entity::find();
        if places.len() <= MOST_IDS {
            let these = Condition::any()
                .add(project::Column::Id.is_in(places))
                .add(project::Column::IsDomain.eq(true));
            select = select.filter(these);
        }
        for row in select.all(db).await? {
            if row.is_domain {
                names.known.insert(("domain", row.id.clone()), (row.name.clone(), String::new()));
                names.domains.insert(row.id, row.name);
            } else {
                names.known.insert(("project", row.id), (row.name, row.domain_id));
            }
        }
        let book = self.book().await?;
        let named =
            |role: &role::Model| (("role", role.id.clone()), (role.name.clone(), role.domain_id.clone()));
        names.known.extend(book.roles.values().map(named));
        Ok(names)
    }
}

/// Projects by what they lie in; read only when something is inherited.
#[derive(Default)]
struct Tree {
    below: BTreeMap<String, Vec<String>>,
    in_domain: BTreeMap<String, Vec<String>>,
}

impl Tree {
    async fn read(directory: &Directory, rows: &[assignment::Model]) -> Result<Self, DbErr> {
        let mut tree = Self::default();
        if !rows.iter().any(|row| row.inherited) {
            return Ok(tree);
        }
        let projects = project::Entity::find()
            .filter(project::Column::IsDomain.eq(false))
            .all(directory.db.read())
            .await?;
        for row in projects {
            tree.below.entry(row.parent_id).or_default().push(row.id.clone());
            tree.in_domain.entry(row.domain_id).or_default().push(row.id);
        }
        Ok(tree)
    }

    /// All projects to which the target hands roles down.
    fn heirs(&self, target: &Target) -> Vec<String> {
        match target {
            Target::Domain(id) => self.in_domain.get(id).cloned().unwrap_or_default(),
            Target::Project(id) => {
                let mut all: Vec<String> = Vec::new();
                let mut open = vec![id];
                while let Some(id) = open.pop() {
                    for child in self.below.get(id).into_iter().flatten() {
                        all.push(child.clone());
                        open.push(child);
                    }
                }
                all
            }
            Target::System => Vec::new(),
        }
    }
}

/// What an assignment means for users and projects.
fn expand(row: &assignment::Model, members: &HashMap<String, Vec<String>>, tree: &Tree) -> Vec<Assigned> {
    let assigned = Assigned::of(row);
    let actors: Vec<(Actor, Option<String>)> = match &assigned.actor {
        Actor::User(_) => vec![(assigned.actor.clone(), None)],
        Actor::Group(group) => members
            .get(group)
            .into_iter()
            .flatten()
            .map(|user| (Actor::User(user.clone()), Some(group.clone())))
            .collect(),
    };
    let targets: Vec<(Target, Option<Target>)> = match row.inherited {
        false => vec![(assigned.target.clone(), None)],
        true => tree
            .heirs(&assigned.target)
            .into_iter()
            .map(|id| (Target::Project(id), Some(assigned.target.clone())))
            .collect(),
    };
    let mut all = Vec::new();
    for (actor, by_group) in &actors {
        for (target, source) in &targets {
            all.push(Assigned {
                actor: actor.clone(),
                target: target.clone(),
                by_group: by_group.clone(),
                source: source.clone(),
                ..assigned.clone()
            });
        }
    }
    all
}

/// The role itself (unless it is one of a domain, which stands only for others) and those that it implies.
fn implied(held: &Assigned, book: &roles::RoleBook) -> Vec<Assigned> {
    let mut all = Vec::new();
    let mut open = vec![(held.role.clone(), None)];
    let mut seen = BTreeSet::new();
    while let Some((id, by_role)) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let next = book.implied.get(&id).into_iter().flatten();
        open.extend(next.map(|next| (next.clone(), Some(id.clone()))));
        if book.roles.get(&id).is_some_and(|role| role.domain_id.is_empty()) {
            all.push(Assigned { role: id, by_role, ..held.clone() });
        }
    }
    all
}
