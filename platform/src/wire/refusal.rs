//! In which words a body is refused: those of OpenStack, which clients and their tests know.

use std::fmt::Write;

use jsonschema::{ValidationError, error::TypeKind, error::ValidationErrorKind as Kind};
use serde_json::Value;

/// What is wrong with a value. `shown` is the value as it may be shown.
pub(super) fn why(error: &ValidationError<'_>, shown: &str) -> String {
    let empty = |limit: u64, short: &str| {
        if limit == 1 { format!("{shown} should be non-empty") } else { format!("{shown} {short}") }
    };
    match error.kind() {
        Kind::Type { kind } => format!("{shown} is not of type {}", types(kind)),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            format!("{shown} is not valid under any of the given schemas")
        }
        Kind::Enum { options } => format!("{shown} is not one of {}", repr(options)),
        Kind::MinLength { limit } => empty(*limit, "is too short"),
        Kind::MinItems { limit } => empty(*limit, "is too short"),
        Kind::MinProperties { limit } => empty(*limit, "does not have enough properties"),
        Kind::MaxLength { .. } | Kind::MaxItems { .. } => format!("{shown} is too long"),
        Kind::MaxProperties { .. } => format!("{shown} has too many properties"),
        Kind::Minimum { limit } => format!("{shown} is less than the minimum of {limit}"),
        Kind::Maximum { limit } => format!("{shown} is greater than the maximum of {limit}"),
        Kind::Pattern { pattern } => format!("{shown} does not match '{pattern}'"),
        Kind::Format { format } => format!("{shown} is not a '{format}'"),
        Kind::UniqueItems => format!("{shown} has non-unique elements"),
        Kind::Required { property } => format!("{} is a required property", repr(property)),
        _ => error.masked_with(shown).to_string().replace('"', "'"),
    }
}

/// `'string', 'null'`
fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => format!("'{one}'"),
        TypeKind::Multiple(several) => {
            let (null, mut names): (Vec<_>, Vec<_>) =
                several.iter().map(|one| format!("'{one}'")).partition(|name| name == "'null'");
            names.extend(null);
            names.join(", ")
        }
    }
}

/// A value as Python writes it.
pub(super) fn repr(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

/// A value as Python prints it: text stands without quotes.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => repr(value),
    }
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Value::String(text) => quote(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (at, (name, inner)) in members.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                quote(name, out);
                out.push_str(": ");
                write(inner, out);
            }
            out.push('}');
        }
    }
}

fn quote(text: &str, out: &mut String) {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(mark);
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            letter if letter == mark => {
                out.push('\\');
                out.push(letter);
            }
            letter => out.push(letter),
        }
    }
    out.push(mark);
}
