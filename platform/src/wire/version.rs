//! Microversions.

use std::{fmt, str::FromStr};

/// A microversion: `2.90`. Compared by number, not as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Before the dot.
    pub major: u16,
    /// After the dot.
    pub minor: u16,
}

impl Version {
    /// `major.minor`.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The text is not `NUMBER.NUMBER`.
#[derive(Debug, thiserror::Error)]
#[error("not a microversion")]
pub struct NotAVersion;

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let number = |part: &str| -> Result<u16, NotAVersion> {
            let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if plain && (part == "0" || !part.starts_with('0')) {
                part.parse().map_err(|_| NotAVersion)
            } else {
                Err(NotAVersion)
            }
        };
        let (major, minor) = text.split_once('.').ok_or(NotAVersion)?;
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

/// From one microversion to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// The first; `None`: from the beginning.
    pub since: Option<Version>,
    /// The last; `None`: to this day.
    pub until: Option<Version>,
}

impl Range {
    /// Whether the version is in the range.
    pub fn contains(&self, version: Version) -> bool {
        self.since.is_none_or(|since| version >= since) && self.until.is_none_or(|until| version <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        let low: Version = "2.9".parse().unwrap();
        let high: Version = "2.10".parse().unwrap();
        assert!(low < high);
    }

    #[test]
    fn what_is_not_two_numbers_is_no_version() {
        for text in ["2", "2.", ".1", "2.x", "2.1.1", "2.01", "+2.1", "", "2.-1", "2.99999999"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
