//! An end that a client chose: any time at all, which MariaDB's own type for instants can't hold (beyond 2038 it would
//! silently become none).

use chrono::{DateTime, Utc};
use sea_orm::DeriveValueType;

/// Microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, DeriveValueType)]
pub struct End(pub i64);

impl End {
    /// As a time. What is too far away to be one is the last of all.
    pub(crate) fn time(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Whether it is past.
    pub(crate) fn over(self) -> bool {
        self.time() <= Utc::now()
    }
}

impl From<DateTime<Utc>> for End {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_micros())
    }
}
