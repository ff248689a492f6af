//! `/os-instance_usage_audit_log`: whether hosts have summed up the usage of a month.
//!
//! Nothing is summed up by hosts here (usage is told by events as it happens), so no host has ever run.

use axum::{extract::Path, response::Response};
use chrono::{Datelike, Months, NaiveDate, NaiveDateTime, Utc};
use http::StatusCode;
use platform::{
    http::{self as web, Cx, Fault, Query, Routes},
    wire::Version,
};
use serde_json::{Value, json};

use crate::{Nova, model::host};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new()
        .get("/v2.1/os-instance_usage_audit_log", "os_compute_api:os-instance-usage-audit-log:list", index)
        .get("/v2.1/os-instance_usage_audit_log/{id}", "os_compute_api:os-instance-usage-audit-log:show", show)
}

/// The last whole month before a moment: its beginning and its end.
fn month_before(moment: NaiveDateTime) -> Option<(NaiveDateTime, NaiveDateTime)> {
    let first = NaiveDate::from_ymd_opt(moment.year(), moment.month(), 1)?.and_hms_opt(0, 0, 0)?;
    let end = if first >= moment { first.checked_sub_months(Months::new(1))? } else { first };
    Some((end.checked_sub_months(Months::new(1))?, end))
}

async fn log(cx: &Cx<Nova>, before: NaiveDateTime) -> Result<Value, Fault> {
    let (begin, end) =
        month_before(before).ok_or_else(|| Fault::bad_request(format!("Invalid timestamp for date {before}")))?;
    let hosts: Vec<String> =
        host::all(cx.service.db.read()).await?.into_iter().map(|host| host.name).collect();
    let done = if hosts.is_empty() { "ALL".to_owned() } else { format!("0 of {}", hosts.len()) };
    Ok(json!({
        "period_beginning": begin.to_string(),
        "period_ending": end.to_string(),
        "num_hosts": hosts.len(),
        "num_hosts_done": 0,
        "num_hosts_running": 0,
        "num_hosts_not_run": hosts.len(),
        "hosts_not_run": hosts,
        "total_instances": 0,
        "total_errors": 0,
        "overall_status": format!("{done} hosts done. 0 errors."),
        "log": {},
    }))
}

fn bare(cx: &Cx<Nova>, query: &Query) -> Result<(), Fault> {
    if cx.version >= Version::new(2, 102) { query.only(&[]) } else { Ok(()) }
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    bare(&cx, &query)?;
    let log = log(&cx, Utc::now().naive_utc()).await?;
    web::json(StatusCode::OK, &json!({"instance_usage_audit_logs": log}))
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    bare(&cx, &query)?;
    let before = NaiveDateTime::parse_from_str(&id, "%Y-%m-%d %H:%M:%S%.f").map_err(|_| {
        let shown: String = id.chars().take(64).collect();
        Fault::bad_request(format!("Invalid timestamp for date {shown}"))
    })?;
    let log = log(&cx, before).await?;
    web::json(StatusCode::OK, &json!({"instance_usage_audit_log": log}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_month_before_is_a_whole_one() {
        let moment = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
        let expected = (moment("2025-12-01 00:00:00"), moment("2026-01-01 00:00:00"));
        assert_eq!(month_before(moment("2026-01-15 10:00:00")), Some(expected));
        // The month that ends at this very moment has not been summed up.
        let expected = (moment("2025-11-01 00:00:00"), moment("2025-12-01 00:00:00"));
        assert_eq!(month_before(moment("2026-01-01 00:00:00")), Some(expected));
    }
}
