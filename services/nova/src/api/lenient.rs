//! Numbers and truths as Nova takes them: also as texts.

use platform::wire::{Schema, Version};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Value, json};

/// A whole number between two bounds, given as a number or as its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number<const MIN: i64, const MAX: i64>(pub i64);

/// The greatest number that Nova takes.
pub const MAX: i64 = 0x7fff_ffff;

impl<'de, const LOW: i64, const HIGH: i64> Deserialize<'de> for Number<LOW, HIGH> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = match &value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if (LOW..=HIGH).contains(&number) => Ok(Self(number)),
            _ => Err(D::Error::custom(format!("{value} is not between {LOW} and {HIGH}"))),
        }
    }
}

impl<const LOW: i64, const HIGH: i64> Schema for Number<LOW, HIGH> {
    fn schema(_: Version) -> Value {
        json!({"type": ["integer", "string"], "pattern": "^-?[0-9]+$", "minimum": LOW, "maximum": HIGH})
    }
}

/// A truth in any of Nova's spellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub bool);

const TRUE: [&str; 12] = ["True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes", "y", "t"];
const FALSE: [&str; 12] = ["False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no", "n", "f"];

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(flag) => Ok(Self(flag)),
            Value::String(text) if TRUE.contains(&text.as_str()) => Ok(Self(true)),
            Value::String(text) if FALSE.contains(&text.as_str()) => Ok(Self(false)),
            other => Err(D::Error::custom(format!("{other} is not a boolean"))),
        }
    }
}

impl Schema for Flag {
    fn schema(_: Version) -> Value {
        let mut known: Vec<Value> = vec![json!(true), json!(false)];
        known.extend(TRUE.iter().chain(&FALSE).map(|text| json!(text)));
        json!({"enum": known})
    }
}

/// A name: printable, and neither beginning nor ending with a space.
pub fn name(_: Version) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[^\s\p{Cc}]([^\p{Cc}]*[^\s\p{Cc}])?$"})
}

/// An address in its shortest form: a client may spell out what it leaves away.
pub fn address(text: String) -> String {
    text.parse::<std::net::IpAddr>().map_or(text, |address| address.to_string())
}

/// Words about something.
pub fn description(_: Version) -> Value {
    json!({"type": ["string", "null"], "minLength": 0, "maxLength": 255, "pattern": r"^[^\p{Cc}]*$"})
}

/// The user's metadata.
pub fn metadata(_: Version) -> Value {
    json!({
        "type": "object",
        "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": "string", "maxLength": 255}},
        "additionalProperties": false,
    })
}

/// A tag.
pub fn tag(_: Version) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 60, "pattern": "^[^,/]*$"})
}

/// Tags.
pub fn tags(version: Version) -> Value {
    json!({"type": "array", "items": tag(version), "maxItems": 50, "uniqueItems": true})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_its_shortest_form() {
        let given = "0000:0000:0000:0000:0000:babe:220.12.22.2";
        assert_eq!(address(given.to_owned()), "::babe:dc0c:1602");
        assert_eq!(address("1.1.1.1".to_owned()), "1.1.1.1");
    }
}
