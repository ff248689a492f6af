//! `pileus config`

use clap::Subcommand;
use platform::config::Options;

use super::Place;

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every option with its value and what it is for, as a configuration file.
    Show,
}

impl ConfigCommand {
    pub fn run(self, place: &Place) -> anyhow::Result<()> {
        let Self::Show = self;
        let mut options = Vec::new();
        place.config()?.describe("", &mut options);
        let mut section = "";
        for option in &options {
            let (of, name) = option.name.rsplit_once('.').unwrap_or(("", &option.name));
            if of != section {
                println!("{}[{of}]", if section.is_empty() { "" } else { "\n" });
                section = of;
            }
            println!("# {}\n{name} = {}", option.doc, shown(&option.name, &option.value));
        }
        Ok(())
    }
}

/// A value as TOML writes it; secrets are not shown.
fn shown(name: &str, value: &serde_json::Value) -> String {
    let secret = ["password", "secret", "key"].iter().any(|word| name.ends_with(word));
    match value {
        serde_json::Value::String(text) if secret && !text.is_empty() => "\"(set)\"".into(),
        serde_json::Value::Null => "\"\"".into(),
        value => toml::Value::try_from(value).map_or_else(|_| value.to_string(), |value| value.to_string()),
    }
}
