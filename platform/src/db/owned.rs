//! Rows that belong to a project or a user: looking one up is being allowed to it, by type.
//!
//! A look-up by id yields a [`Sealed`] row, of which nothing can be read until somebody may: a handler's
//! [`Cx::open`](crate::http::Cx::open) asks the policy, [`Base::open`](crate::http::Base::open) asks it for whom another
//! service asks, and what works for the cloud itself says why in an [`Inside`]. Lists are read within a [`Scope`], which
//! is given out by the same three. `docs/develop/owned-rows.md` shows a table from its declaration to its list.

use std::fmt;

use contracts::{CallError, identity::Caller};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ModelTrait, PrimaryKeyTrait,
    sea_query::IntoCondition,
};
use uuid::Uuid;

use crate::{http::Fault, policy::Target};

/// Something that belongs to a project or a user.
pub trait Owned {
    /// The service's error.
    type Missing;

    /// The rule by which a caller may know that it is there: who is refused is told so (403) if that allows, and else
    /// that it is not there (404). Without one, the service's scheme says what strangers are told.
    const SEEN_BY: Option<&'static str> = None;

    /// What policies are told of it.
    fn target(&self) -> Target<'_>;

    /// There is none with that id (which is what a user wrote), or none that the caller may know of.
    fn missing(id: &str) -> Self::Missing;
}

/// What a look-up by id yields: perhaps a row, and nobody has asked yet who may have it.
///
/// ```
/// # use platform::{db::owned::{Inside, Owned, Sealed}, http::Fault, policy::Target};
/// # struct Volume { name: String }
/// # impl Owned for Volume {
/// #     type Missing = Fault;
/// #     fn target(&self) -> Target<'_> { Target::project("p") }
/// #     fn missing(id: &str) -> Fault { Fault::not_found(id) }
/// # }
/// let sealed = Sealed::new("v", Some(Volume { name: "data".into() }));
/// let volume = sealed.inside(&Inside::because("an example has no callers")).unwrap();
/// println!("{}", volume.name);
/// ```
///
/// What is sealed can't be read:
///
/// ```compile_fail,E0609
/// # use platform::{db::owned::{Inside, Owned, Sealed}, http::Fault, policy::Target};
/// # struct Volume { name: String }
/// # impl Owned for Volume {
/// #     type Missing = Fault;
/// #     fn target(&self) -> Target<'_> { Target::project("p") }
/// #     fn missing(id: &str) -> Fault { Fault::not_found(id) }
/// # }
/// let sealed = Sealed::new("v", Some(Volume { name: "data".into() }));
/// println!("{}", sealed.name);
/// ```
///
/// Nor can it be taken apart:
///
/// ```compile_fail,E0616
/// # use platform::{db::owned::{Inside, Owned, Sealed}, http::Fault, policy::Target};
/// # struct Volume { name: String }
/// # impl Owned for Volume {
/// #     type Missing = Fault;
/// #     fn target(&self) -> Target<'_> { Target::project("p") }
/// #     fn missing(id: &str) -> Fault { Fault::not_found(id) }
/// # }
/// let sealed = Sealed::new("v", Some(Volume { name: "data".into() }));
/// println!("{}", sealed.row.unwrap().name);
/// ```
#[must_use = "a row that nobody opens was looked up for nothing"]
pub struct Sealed<M> {
    pub(crate) id: String,
    pub(crate) row: Option<M>,
}

impl<M> Sealed<M> {
    /// Seals what was found under an id, if anything was.
    pub fn new(id: impl ToString, row: Option<M>) -> Self {
        Self { id: id.to_string(), row }
    }
}

impl<M> Sealed<M>
where
    M: ModelTrait,
    M::Entity: EntityTrait<Model = M>,
    <<M::Entity as EntityTrait>::PrimaryKey as PrimaryKeyTrait>::ValueType: From<Uuid>,
{
    /// Looks a row up by its UUID. What is no UUID is no row's.
    pub async fn find(db: &impl ConnectionTrait, id: impl ToString) -> Result<Self, DbErr> {
        let id = id.to_string();
        let row = match Uuid::parse_str(&id) {
            Ok(uuid) => M::Entity::find_by_id(uuid).one(db).await?,
            Err(_) => None,
        };
        Ok(Self { id, row })
    }
}

impl<M: Owned> Sealed<M> {
    /// For the cloud itself.
    pub fn inside(self, _: &Inside) -> Result<M, M::Missing> {
        self.row.ok_or_else(|| M::missing(&self.id))
    }
}

/// Shows nothing of the row.
impl<M> fmt::Debug for Sealed<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.id)
    }
}

/// Leave to read whosever rows, for what works for the cloud itself: reconcilers, and what services ask of one another
/// without a user. Handlers have no use for it: no file under a service's `api/` may name it, and a test sees to that.
#[derive(Debug, Clone, Copy)]
pub struct Inside(());

impl Inside {
    /// With the reason, for who reads the code.
    pub const fn because(_reason: &'static str) -> Self {
        Self(())
    }
}

/// Why a sealed row stays sealed.
#[derive(Debug)]
pub enum Denied<E> {
    /// It is not there, or the caller may not know that it is.
    Missing(E),
    /// The caller may know of it, and may not do what that rule is about.
    Refused(String),
}

/// What a caller is told whom a rule refuses.
pub(crate) fn refusal(rule: &str) -> String {
    format!("Policy doesn't allow {rule} to be performed.")
}

impl<E: Into<Fault>> From<Denied<E>> for Fault {
    fn from(denied: Denied<E>) -> Self {
        match denied {
            Denied::Missing(missing) => missing.into(),
            Denied::Refused(rule) => Self::forbidden(refusal(&rule)),
        }
    }
}

impl<E: Into<CallError>> From<Denied<E>> for CallError {
    fn from(denied: Denied<E>) -> Self {
        match denied {
            Denied::Missing(missing) => missing.into(),
            Denied::Refused(rule) => Self::Forbidden(refusal(&rule)),
        }
    }
}

/// Whose rows a query may see. Given out by [`Cx::own_scope`](crate::http::Cx::own_scope) and its sisters when the
/// policy said so, or for an [`Inside`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(Whose);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Whose {
    Everybody,
    Of { project: Option<String>, user: Option<String> },
}

impl Scope {
    /// Everybody's, for the cloud itself.
    pub fn inside(_: &Inside) -> Self {
        Self::everybody()
    }

    pub(crate) fn everybody() -> Self {
        Self(Whose::Everybody)
    }

    /// What is the caller's own, or its project's.
    pub(crate) fn own(caller: &Caller) -> Self {
        let project = caller.project_id().map(str::to_owned);
        Self(Whose::Of { project, user: Some(caller.user.id.clone()) })
    }

    pub(crate) fn project(id: &str) -> Self {
        Self(Whose::Of { project: Some(id.to_owned()), user: None })
    }

    pub(crate) fn user(id: &str) -> Self {
        Self(Whose::Of { project: None, user: Some(id.to_owned()) })
    }

    /// Of these, those of one project: none, unless it is seen already.
    pub fn narrowed(&self, project: &str) -> Self {
        if self.is_everybody() || self.project_id() == Some(project) {
            Self::project(project)
        } else {
            Self(Whose::Of { project: None, user: None })
        }
    }

    /// Whether everybody's are seen.
    pub fn is_everybody(&self) -> bool {
        self.0 == Whose::Everybody
    }

    /// The one project whose rows are seen.
    pub fn project_id(&self) -> Option<&str> {
        match &self.0 {
            Whose::Of { project, .. } => project.as_deref(),
            Whose::Everybody => None,
        }
    }

    /// The one user whose rows are seen.
    pub fn user_id(&self) -> Option<&str> {
        match &self.0 {
            Whose::Of { user, .. } => user.as_deref(),
            Whose::Everybody => None,
        }
    }

    /// The condition on rows that belong to the project in this column.
    pub fn by_project(&self, column: impl ColumnTrait) -> Condition {
        self.rows(column, self.project_id())
    }

    /// The condition on rows that belong to the user in this column.
    pub fn by_user(&self, column: impl ColumnTrait) -> Condition {
        self.rows(column, self.user_id())
    }

    fn rows(&self, column: impl ColumnTrait, owner: Option<&str>) -> Condition {
        match (&self.0, owner) {
            (Whose::Everybody, _) => Condition::all(),
            (_, Some(owner)) => column.eq(owner).into_condition(),
            // Nobody's: no row, whatever the column holds.
            (_, None) => column.is_in(Vec::<String>::new()).into_condition(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sea_orm::{DbBackend, QueryFilter, QueryTrait};

    use super::*;
    use crate::{events::outbox, http::testing::caller};

    fn sql(scope: &Scope) -> String {
        let select = outbox::Entity::find().filter(scope.by_project(outbox::Column::Project));
        let text = select.build(DbBackend::Sqlite).to_string();
        text.split_once(" WHERE ").map_or("", |(_, condition)| condition).to_owned()
    }

    #[test]
    fn a_scope_is_of_one_project_of_everybody_or_of_nobody() {
        let own = Scope::own(&caller("bob", "p1", &["member"]));
        assert_eq!(sql(&own), r#""outbox"."project" = 'p1'"#);
        assert_eq!(own.user_id(), Some("bob"));
        let all = Scope::inside(&Inside::because("a test"));
        assert_eq!(sql(&all), "TRUE");
        assert_eq!(sql(&all.narrowed("p2")), r#""outbox"."project" = 'p2'"#);
        assert_eq!(sql(&own.narrowed("p1")), r#""outbox"."project" = 'p1'"#);
        assert_eq!(sql(&own.narrowed("p2")), "1 = 2");
    }

    #[test]
    fn a_sealed_row_shows_nothing_when_it_is_logged() {
        assert_eq!(format!("{:?}", Sealed::new("x", Some("secret"))), "Sealed(x)");
    }

    fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                files(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    /// `ModelTrait` would lead from a row's type to its table, which is private.
    #[test]
    fn no_handler_goes_round_the_policy() {
        let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
        let mut looked = Vec::new();
        for service in std::fs::read_dir(services).unwrap().flatten() {
            files(&service.path().join("src/api"), &mut looked);
        }
        assert!(looked.len() > 100, "{looked:?}");
        let words = r"(?:^|[^:\w])Inside\b|owned::Inside|\bModelTrait\b|(?:\.|::)inside\(";
        let words = regex::Regex::new(words).unwrap();
        for file in looked {
            let text = std::fs::read_to_string(&file).unwrap();
            let word = words.find(&text).map(|word| word.as_str());
            assert_eq!(word, None, "{}: handlers open what they look up with `cx.open`", file.display());
        }
    }
}
