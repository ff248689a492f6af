//! Times as the Compute API writes them.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

/// `2026-01-01T00:00:00Z`
#[derive(Debug, Clone, Copy)]
pub struct Iso(pub DateTime<Utc>);

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%Y-%m-%dT%H:%M:%SZ"))
    }
}

/// `2026-01-01T00:00:00.000000`
#[derive(Debug, Clone, Copy)]
pub struct Micro(pub DateTime<Utc>);

impl Serialize for Micro {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%Y-%m-%dT%H:%M:%S%.6f"))
    }
}

/// A time in a query: ISO 8601, with or without zone (then it is UTC), or a date.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    // A plus sign in a query is a space once decoded.
    if let Ok(time) = DateTime::parse_from_rfc3339(&text.replace(' ', "+")) {
        return Some(time.with_timezone(&Utc));
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.fZ", "%Y-%m-%dT%H:%M"]
    {
        if let Ok(time) = chrono::NaiveDateTime::parse_from_str(text, format) {
            return Some(time.and_utc());
        }
    }
    let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_spellings_that_clients_send() {
        let wanted = parse("2026-01-02T03:04:05Z").unwrap();
        for text in [
            "2026-01-02T03:04:05",
            "2026-01-02 03:04:05",
            "2026-01-02T03:04:05.000000",
            "2026-01-02T03:04:05 00:00",
        ] {
            assert_eq!(parse(text), Some(wanted), "{text}");
        }
        assert!(parse("2026-01-02").is_some());
        assert_eq!(parse("yesterday"), None);
    }
}
