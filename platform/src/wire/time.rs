//! Times as users write them.

use chrono::{DateTime, NaiveDateTime, Utc};

/// A time with its zone, or without one, in UTC.
pub fn read(text: &str) -> Option<DateTime<Utc>> {
    let naive = |format| NaiveDateTime::parse_from_str(text, format).ok().map(|time| time.and_utc());
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.with_timezone(&Utc))
        .or_else(|| naive("%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|| naive("%Y-%m-%d %H:%M:%S%.f"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_in_utc() {
        let time = read("2026-01-01T12:00:00Z");
        assert!(time.is_some());
        for same in ["2026-01-01T12:00:00", "2026-01-01 12:00:00.000", "2026-01-01T13:00:00+01:00"] {
            assert_eq!(read(same), time, "{same}");
        }
        for none in ["", "soon", "2026-13-01T00:00:00Z", "2026-01-01"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
