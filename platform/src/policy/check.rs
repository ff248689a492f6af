//! A rule, read, and whether it holds.

use std::collections::HashMap;

use contracts::identity::Caller;

use super::{Target, attribute};

/// A rule of the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// `@` or nothing: always.
    Always,
    /// `!`, or what can't be read: never.
    Never,
    /// `not X`.
    Not(Box<Check>),
    /// `X and Y`.
    All(Vec<Check>),
    /// `X or Y`.
    Any(Vec<Check>),
    /// `role:NAME`.
    Role(Text),
    /// `rule:NAME`.
    Rule(String),
    /// `LEFT:RIGHT`: an attribute of the caller (or a literal) equals a text.
    Equal(Left, Text),
}

/// The left side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// An attribute of the caller.
    Attribute(String),
    /// `'text'`, `None`, `True`.
    Literal(String),
}

/// A text that may ask for an attribute of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// As it stands.
    Literal(String),
    /// `%(name)s`.
    Target(String),
}

impl Text {
    fn value<'a>(&'a self, target: &'a Target<'_>) -> Option<&'a str> {
        match self {
            Self::Literal(text) => Some(text),
            Self::Target(name) => target.get(name),
        }
    }
}

/// Rules that use rules that use rules: further than this is a circle.
const DEEPEST: u32 = 32;

impl Check {
    /// Reads a rule; what can't be read never holds.
    pub fn read(text: &str) -> Self {
        super::parse::parse(text).unwrap_or_else(|| {
            tracing::error!(rule = text, "this policy rule can't be read and refuses everybody");
            Self::Never
        })
    }

    pub(super) fn holds(
        &self,
        caller: &Caller,
        target: &Target<'_>,
        rules: &HashMap<String, Check>,
        depth: u32,
    ) -> bool {
        if depth > DEEPEST {
            return false;
        }
        let holds = |check: &Check| check.holds(caller, target, rules, depth + 1);
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Not(check) => !holds(check),
            Self::All(checks) => checks.iter().all(holds),
            Self::Any(checks) => checks.iter().any(holds),
            Self::Role(role) => role.value(target).is_some_and(|role| caller.has_role(role)),
            Self::Rule(name) => rules.get(name).is_some_and(holds),
            Self::Equal(left, right) => {
                // `domain_id:None`: the caller has none, as oslo.policy spells it. A target's text can't ask that.
                let absent = matches!(right, Text::Literal(text) if text == "None");
                let Some(right) = right.value(target) else {
                    return matches!(left, Left::Literal(literal) if literal == "None");
                };
                match left {
                    Left::Literal(literal) => literal == right,
                    Left::Attribute(name) => attribute(caller, name).map_or(absent, |value| value == right),
                }
            }
        }
    }
}
