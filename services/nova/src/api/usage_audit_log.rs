//! `/os-instance_usage_audit_log`: no host runs the periodic audit, and so it says.

use axum::{extract::Path, response::Response};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use http::StatusCode;
use platform::http::{Cx, Fault, Routes, json};
use serde_json::{Value, json};

use crate::{Nova, model::host, times};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new()
        .get("/v2.1/os-instance_usage_audit_log", "os_compute_api:os-instance-usage-audit-log:list", index)
        .get(
            "/v2.1/os-instance_usage_audit_log/{before}",
            "os_compute_api:os-instance-usage-audit-log:show",
            show,
        )
}

async fn log(cx: &Cx<Nova>, before: DateTime<Utc>) -> Result<Value, Fault> {
    let hosts: Vec<String> =
        host::all(cx.service.db.read()).await?.into_iter().map(|host| host.name).collect();
    let end =
        before.date_naive().with_day(1).and_then(|day| day.and_hms_opt(0, 0, 0)).map(|time| time.and_utc());
    let end = end.unwrap_or(before);
    let begin = (end - TimeDelta::days(1)).date_naive().with_day(1).and_then(|day| day.and_hms_opt(0, 0, 0));
    let shown = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%S").to_string();
    Ok(json!({
        "period_beginning": begin.map(|time| shown(time.and_utc())).unwrap_or_default(),
        "period_ending": shown(end),
        "num_hosts": hosts.len(), "num_hosts_done": 0, "num_hosts_running": 0,
        "num_hosts_not_run": hosts.len(),
        "overall_status": format!("0 of {} hosts done. 0 errors.", hosts.len()),
        "hosts_not_run": hosts, "total_instances": 0, "total_errors": 0, "log": {},
    }))
}

async fn index(cx: Cx<Nova>) -> Result<Response, Fault> {
    cx.allow()?;
    json(StatusCode::OK, &json!({"instance_usage_audit_logs": log(&cx, Utc::now()).await?}))
}

async fn show(cx: Cx<Nova>, Path(before): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let time = times::parse(&before)
        .ok_or_else(|| Fault::bad_request(format!("Invalid timestamp for date {before}")))?;
    json(StatusCode::OK, &json!({"instance_usage_audit_log": log(&cx, time).await?}))
}
