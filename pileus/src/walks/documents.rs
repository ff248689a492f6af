//! `docs/configuration.md` and `docs/commands.md` are made of what is declared.

use std::{fmt::Write, path::PathBuf};

use clap::{Command, CommandFactory};
use platform::config::Options;

use crate::{command::Arguments, config::Config};

/// Whether a document of `docs/` is what it should be. With `PILEUS_REWRITE=1` it is made so.
pub fn check(name: &str, test: &str, body: &str) {
    let text = format!(
        "<!-- Made from what the program declares. To make it again:\n     \
         PILEUS_REWRITE=1 cargo nextest run -p pileus -E 'test({test})' -->\n\n{body}"
    );
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "docs", name].iter().collect();
    if std::env::var_os("PILEUS_REWRITE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = there.lines().zip(text.lines()).find(|(there, wanted)| there != wanted);
    assert!(
        there == text,
        "docs/{name} is out of date ({differs:?}); PILEUS_REWRITE=1 cargo nextest run -p pileus -E 'test({test})'"
    );
}

/// A cell of a table.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[test]
fn every_option_is_documented() {
    let mut options = Vec::new();
    Config::default().describe("", &mut options);
    let mut body = String::from(
        "# Configuration\n\n\
         Options are read from `pileus.toml` in the state directory (or the file that `--config` names), then from the\n\
         environment (`PILEUS_API__LISTEN` is `api.listen`), then from `--set SECTION.OPTION=VALUE`. An option that is not\n\
         known is an error. `pileus config show` prints every option with its value.\n",
    );
    let mut section = "";
    for option in &options {
        assert!(option.doc.len() > 3, "{} has no text that says what it is for", option.name);
        let (of, name) = option.name.rsplit_once('.').unwrap();
        if of != section {
            writeln!(body, "\n## `[{of}]`\n\n| option | default | |\n|---|---|---|").unwrap();
            section = of;
        }
        let default = match &option.value {
            serde_json::Value::Null => String::new(),
            value => format!("`{}`", cell(&value.to_string())),
        };
        writeln!(body, "| `{name}` | {default} | {} |", cell(option.doc)).unwrap();
    }
    check("configuration.md", "every_option_is_documented", &body);
}

#[test]
fn every_command_is_documented() {
    let mut command = Arguments::command();
    command.build();
    let mut body = String::from("# Commands\n");
    let root = command.clone();
    describe(&root, "pileus", &mut body);
    check("commands.md", "every_command_is_documented", &body);
}

fn describe(command: &Command, name: &str, body: &mut String) {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    assert!(!about.is_empty(), "`{name}` has no text that says what it does");
    writeln!(body, "\n## `{name}`\n\n{}", sentence(&about)).unwrap();
    let mut lines = Vec::new();
    for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
        let inherited = argument.is_global_set() && name != "pileus";
        if inherited || ["help", "version"].contains(&argument.get_id().as_str()) {
            continue;
        }
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(!help.is_empty(), "`{name}`: {} has no text that says what it does", argument.get_id());
        let default: Vec<String> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
        let mut help = sentence(&help);
        let takes_value = argument.get_num_args().is_some_and(|range| range.takes_values());
        if takes_value && !default.is_empty() {
            write!(help, " Default: `{}`.", default.join(" ")).unwrap();
        }
        if let Some(variable) = argument.get_env() {
            write!(help, " Environment: `{}`.", variable.to_string_lossy()).unwrap();
        }
        lines.push(format!("| `{}` | {} |", cell(&argument.to_string()), cell(&help)));
    }
    if !lines.is_empty() {
        writeln!(body, "\n| argument | |\n|---|---|\n{}", lines.join("\n")).unwrap();
    }
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        describe(inner, &format!("{name} {}", inner.get_name()), body);
    }
}

/// clap takes the full stop from the end of a one-line text.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', ':']) { text.to_owned() } else { format!("{text}.") }
}
