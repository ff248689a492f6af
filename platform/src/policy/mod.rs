//! The oslo.policy language: who may do what.
//!
//! Each service declares its rules with their defaults ([`Rule`]); an operator's file (YAML or JSON) replaces single
//! ones. An unknown rule refuses, and so does one that can't be read.

mod check;
mod parse;

use std::{borrow::Cow, collections::HashMap, path::Path, sync::RwLock};

use contracts::identity::{Caller, Scope};

use crate::http::{Routes, Service};

pub use check::Check;

/// A rule as a service declares it.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// `os_compute_api:servers:create`, or a name that other rules use.
    pub name: &'static str,
    /// Its default in the language.
    pub default: &'static str,
    /// What it is for.
    pub doc: &'static str,
}

/// The rules that all services of today's OpenStack share: the personas reader, member, manager, admin and service.
pub const PERSONAS: &[Rule] = &[
    Rule { name: "context_is_admin", default: "role:admin", doc: "Who counts as an administrator." },
    Rule { name: "admin_required", default: "role:admin", doc: "An administrator." },
    Rule { name: "admin_only", default: "role:admin", doc: "An administrator." },
    Rule { name: "admin_api", default: "role:admin", doc: "An administrator." },
    Rule { name: "service_api", default: "role:service", doc: "Another service." },
    Rule {
        name: "project_manager_api",
        default: "role:manager and project_id:%(project_id)s",
        doc: "A manager of the project.",
    },
    Rule {
        name: "project_member_api",
        default: "role:member and project_id:%(project_id)s",
        doc: "A member of the project.",
    },
    Rule {
        name: "project_reader_api",
        default: "role:reader and project_id:%(project_id)s",
        doc: "A reader of the project.",
    },
    Rule {
        name: "project_manager_or_admin",
        default: "rule:project_manager_api or rule:context_is_admin",
        doc: "A manager of the project, or an administrator.",
    },
    Rule {
        name: "project_member_or_admin",
        default: "rule:project_member_api or rule:context_is_admin",
        doc: "A member of the project, or an administrator.",
    },
    Rule {
        name: "project_reader_or_admin",
        default: "rule:project_reader_api or rule:context_is_admin",
        doc: "A reader of the project, or an administrator.",
    },
];

/// What an operation is done to: the attributes that rules may ask for as `%(name)s`.
#[derive(Debug, Clone, Default)]
pub struct Target<'a> {
    attributes: Vec<(&'static str, Cow<'a, str>)>,
}

impl<'a> Target<'a> {
    /// Nothing is known of it.
    pub fn none() -> Self {
        Self::default()
    }

    /// Something that belongs to a project (rules ask for it as `project_id` and, in Neutron, `tenant_id`).
    pub fn project(id: impl Into<Cow<'a, str>>) -> Self {
        let id = id.into();
        Self { attributes: vec![("project_id", id.clone()), ("tenant_id", id)] }
    }

    /// Adds an attribute.
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// An attribute's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
    }
}

/// The rules of one service, in force.
#[derive(Debug)]
pub struct Policy {
    defaults: Vec<&'static [Rule]>,
    checks: RwLock<HashMap<String, Check>>,
}

impl Policy {
    /// The defaults of a service; [`PERSONAS`] are there besides.
    pub fn new(defaults: &'static [&'static [Rule]]) -> Self {
        let policy = Self { defaults: defaults.to_vec(), checks: RwLock::default() };
        policy.replace(&HashMap::new());
        policy
    }

    /// The same with the rules that are declared beside these routes (see [`Routes::rules`]).
    pub fn beside<S: Service>(mut self, routes: &Routes<S>) -> Self {
        self.defaults.extend(routes.declared_rules());
        self.replace(&HashMap::new());
        self
    }

    /// All declared rules.
    pub fn declared(&self) -> impl Iterator<Item = &Rule> {
        PERSONAS.iter().chain(self.defaults.iter().copied().flatten())
    }

    /// Takes an operator's file: YAML or JSON, a map from names to rules. What it does not name keeps its default.
    pub fn load(&self, path: &Path) -> Result<(), crate::config::ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| crate::config::ConfigError::File { path: path.display().to_string(), error })?;
        let overrides: HashMap<String, String> = serde_saphyr::from_str(&text)
            .map_err(|error| crate::config::ConfigError::Invalid(format!("{}: {error}", path.display())))?;
        self.replace(&overrides);
        Ok(())
    }

    fn replace(&self, overrides: &HashMap<String, String>) {
        let mut checks: HashMap<String, Check> =
            self.declared().map(|rule| (rule.name.to_owned(), Check::read(rule.default))).collect();
        for (name, rule) in overrides {
            checks.insert(name.clone(), Check::read(rule));
        }
        if let Ok(mut current) = self.checks.write() {
            *current = checks;
        }
    }

    /// Whether the caller may do what the rule is about, to the target. An unknown rule refuses.
    pub fn allows(&self, rule: &str, caller: &Caller, target: &Target<'_>) -> bool {
        let Ok(checks) = self.checks.read() else { return false };
        checks.get(rule).is_some_and(|check| check.holds(caller, target, &checks, 0))
    }
}

/// An attribute of the caller, as rules name it on their left side.
fn attribute<'a>(caller: &'a Caller, name: &str) -> Option<Cow<'a, str>> {
    let text = |text: &'a str| Some(Cow::Borrowed(text));
    match name {
        "user_id" => text(&caller.user.id),
        "user_domain_id" | "user.domain.id" => text(&caller.user.domain.id),
        "project_id" | "tenant_id" | "tenant" => caller.project_id().map(Cow::Borrowed),
        "domain_id" | "token.domain.id" => match &caller.scope {
            Scope::Domain(domain) => text(&domain.id),
            _ => None,
        },
        "project_domain_id" | "token.project.domain.id" => match &caller.scope {
            Scope::Project(project) => text(&project.domain.id),
            _ => None,
        },
        "system_scope" | "system" => matches!(caller.scope, Scope::System).then_some(Cow::Borrowed("all")),
        "is_admin" => Some(Cow::Borrowed(if caller.has_role("admin") { "True" } else { "False" })),
        "is_admin_project" => Some(Cow::Borrowed(if caller.is_admin_project { "True" } else { "False" })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::caller;

    const RULES: &[Rule] = &[
        Rule { name: "mine", default: "project_id:%(project_id)s", doc: "" },
        Rule { name: "either", default: "rule:mine or (role:admin and not user_id:'eve')", doc: "" },
        Rule { name: "loop", default: "rule:loop", doc: "" },
        Rule { name: "torn", default: "role:admin and (", doc: "" },
        Rule { name: "dangling", default: "rule:nowhere", doc: "" },
        Rule { name: "literal", default: "'shared':%(visibility)s", doc: "" },
        Rule { name: "no domain", default: "domain_id:None", doc: "" },
        Rule { name: "everyone", default: "", doc: "" },
        Rule { name: "nobody", default: "!", doc: "" },
        Rule { name: "system", default: "role:admin and system_scope:all", doc: "" },
    ];
    static ALL: &[&[Rule]] = &[RULES];

    fn may(rule: &str, roles: &[&str], target: &Target<'_>) -> bool {
        Policy::new(ALL).allows(rule, &caller("bob", "p1", roles), target)
    }

    #[test]
    fn attributes_of_the_target_are_compared() {
        assert!(may("mine", &[], &Target::project("p1")));
        assert!(!may("mine", &[], &Target::project("p2")));
        assert!(!may("mine", &[], &Target::none()));
        assert!(may("literal", &[], &Target::none().with("visibility", "shared")));
        assert!(!may("literal", &[], &Target::none().with("visibility", "private")));
    }

    #[test]
    fn words_combine_with_and_or_not_and_brackets() {
        assert!(may("either", &["admin"], &Target::project("p2")));
        assert!(!may("either", &["member"], &Target::project("p2")));
        assert!(may("project_member_or_admin", &["member"], &Target::project("p1")));
        assert!(!may("project_member_or_admin", &["reader"], &Target::project("p1")));
    }

    #[test]
    fn an_attribute_that_the_caller_lacks_is_none() {
        assert!(may("no domain", &[], &Target::none()));
    }

    #[test]
    fn what_is_unknown_or_broken_refuses() {
        for rule in ["loop", "torn", "dangling", "nobody", "no such rule", "system"] {
            assert!(!may(rule, &["admin"], &Target::project("p1")), "{rule}");
        }
        assert!(may("everyone", &[], &Target::none()));
    }
}
