//! Options: declared once, with their default and their documentation.
//!
//! A section is a struct that derives `Deserialize` (with `deny_unknown_fields` and `default`), `Serialize` and
//! [`crate::Options`]; the words of `pileus config show` are the doc comments of its fields. The whole is read from one
//! TOML file, then from the environment (`PILEUS_API__LISTEN` is `api.listen`), then from flags.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// An option, as `pileus config show` prints it.
#[derive(Debug, Clone)]
pub struct Described {
    /// `section.option`.
    pub name: String,
    /// Its value now.
    pub value: serde_json::Value,
    /// What it is for.
    pub doc: &'static str,
}

/// A section that can describe its options. Derived.
pub trait Options {
    /// Adds each option, its name with the prefix before it.
    fn describe(&self, prefix: &str, out: &mut Vec<Described>);
}

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// It is not TOML, or has an option that is not known or of the wrong kind.
    #[error("{0}")]
    Invalid(String),
}

/// Reads the configuration: the file's text (may be empty), then the variables of the environment that begin with
/// `PILEUS_` and name a section (`PILEUS_SECTION__OPTION`), then flags as (`section.option`, value).
pub fn read<T: DeserializeOwned>(
    text: &str,
    environment: impl Iterator<Item = (String, String)>,
    flags: &[(&str, String)],
) -> Result<T, ConfigError> {
    let mut table: Table = text.parse().map_err(|error| ConfigError::Invalid(format!("{error}")))?;
    for (name, value) in environment {
        if let Some(path) = name.strip_prefix("PILEUS_").filter(|path| path.contains("__")) {
            let path = path.to_ascii_lowercase().replace("__", ".");
            set(&mut table, &path, &value)?;
        }
    }
    for (path, value) in flags {
        set(&mut table, path, value)?;
    }
    Value::Table(table).try_into().map_err(|error| ConfigError::Invalid(format!("{error}")))
}

/// Sets `section.option`. The text is TOML where it reads as TOML (`true`, `5`, `["a"]`), else a string.
fn set(table: &mut Table, path: &str, text: &str) -> Result<(), ConfigError> {
    let value = format!("x = {text}")
        .parse::<Table>()
        .ok()
        .and_then(|mut parsed| parsed.remove("x"))
        .unwrap_or_else(|| Value::String(text.to_owned()));
    let (sections, option) = path.rsplit_once('.').unwrap_or(("", path));
    let mut place = table;
    for section in sections.split('.').filter(|section| !section.is_empty()) {
        place = place
            .entry(section.to_owned())
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()
            .ok_or_else(|| ConfigError::Invalid(format!("{section} is not a section")))?;
    }
    place.insert(option.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Api {
        listen: String,
        workers: u32,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Whole {
        api: Api,
    }

    #[test]
    fn flags_win_over_environment_and_environment_over_the_file() {
        let file = "[api]\nlisten = 'file'\nworkers = 1";
        let environment = [
            ("PILEUS_API__WORKERS".to_owned(), "2".to_owned()),
            ("PILEUS_API__LISTEN".to_owned(), "env".to_owned()),
        ];
        let read: Whole = read(file, environment.into_iter(), &[("api.listen", "flag".into())]).unwrap();
        assert_eq!(read, Whole { api: Api { listen: "flag".into(), workers: 2 } });
    }

    #[test]
    fn an_unknown_option_is_refused() {
        let refused = super::read::<Whole>("[api]\nlisten='x'\nworkers=1\n[apj]\n", std::iter::empty(), &[]);
        assert!(refused.unwrap_err().to_string().contains("apj"));
    }
}
