//! What a fault must have, and what it must not show.

use std::sync::LazyLock;

use http::Method;
use platform::http::{Envelope, Fault, Scheme, testing::Answer};
use regex::Regex;
use serde_json::Value;

/// Words from inside: the database's, the program's, the machine's.
static INSIDE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        panicked | sqlx | sqlite | DbErr | RUST_ | \bserde\b | unwrap\(\) | os\ error
        | \b(SELECT|INSERT\ INTO|UPDATE|DELETE\ FROM)\b\ .*\b(FROM|SET|VALUES|WHERE)\b
        | \bsrc/ | \.rs\b | /tmp/ | /root/ | /home/ | /var/lib | \.db\b
        | [A-Za-z_]::[A-Za-z_] | \b(Option|Vec|Result|Box|Arc)< | \b(Some|Ok|Err)\(
        | expected\ (struct|enum|variant|[iu](8|16|32|64)|usize|f64)\b",
    )
    .unwrap()
});

/// What is wrong with an answer, if it is a fault.
pub fn wrongs(scheme: &Scheme, method: &Method, answer: &Answer) -> Vec<String> {
    let status = answer.status.as_u16();
    if status < 400 {
        return Vec::new();
    }
    let mut wrongs = Vec::new();
    let text = String::from_utf8_lossy(&answer.bytes);
    let shown: String = text.chars().take(400).collect();
    if status >= 500 && status != 501 {
        wrongs.push(format!("{status}: {shown}"));
    }
    let id = answer.headers.get("x-openstack-request-id").and_then(|id| id.to_str().ok());
    if !id.is_some_and(|id| id.starts_with("req-")) {
        wrongs.push(format!("{status} without a request id"));
    }
    if let Some(found) = INSIDE.find(&text) {
        wrongs.push(format!("{status} shows {:?}: {shown}", found.as_str()));
    }
    if *method != Method::HEAD && !enveloped(scheme.envelope, status, &answer.json, &text) {
        wrongs.push(format!("{status} in another envelope than the service's: {shown:?}"));
    }
    wrongs
}

fn enveloped(envelope: Envelope, status: u16, json: &Value, text: &str) -> bool {
    let code = |fault: &Value| fault["code"] == status && fault["message"].is_string();
    match envelope {
        // Who has no token is refused in front of these services, in Keystone's words.
        Envelope::Compute | Envelope::Neutron | Envelope::Placement if status == 401 => {
            code(&json["error"]) && json["error"]["title"].is_string()
        }
        Envelope::Keystone => code(&json["error"]) && json["error"]["title"].is_string(),
        Envelope::Compute => {
            json.as_object().is_some_and(|map| map.len() == 1 && map.values().next().is_some_and(code))
        }
        Envelope::Neutron => {
            let fault = &json["NeutronError"];
            ["type", "message", "detail"].iter().all(|name| fault[*name].is_string())
        }
        Envelope::Placement => {
            let fault = &json["errors"][0];
            fault["status"] == status && fault["detail"].is_string() && fault["request_id"].is_string()
        }
        // Of the same members as one that is made here.
        Envelope::Own(make) => {
            let status = http::StatusCode::from_u16(status).unwrap_or_default();
            let made = make(&Fault::new(status, "x"), "req-x");
            let members =
                |fault: &Value| fault.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
            members(json).is_some() && members(json) == members(&made)
        }
        Envelope::Glance => text.contains(&format!("<title>{status} ")),
    }
}
