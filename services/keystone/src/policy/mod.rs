//! Who may do what: the names and defaults of OpenStack's Keystone.

mod catalog;
mod credentials;
mod people;
mod roles;
mod shared;
mod tokens;

use platform::policy::Rule;

pub(crate) static RULES: &[&[Rule]] =
    &[shared::RULES, tokens::RULES, people::RULES, roles::RULES, credentials::RULES, catalog::RULES];
