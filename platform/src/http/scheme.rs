//! How a service speaks: its microversions, its envelope for faults, its manners.

use http::StatusCode;
use serde_json::{Value, json};

use super::Fault;
use crate::wire::Version;

/// How a service speaks.
#[derive(Debug, Clone, Copy)]
pub struct Scheme {
    /// Its type in the catalog: `compute`.
    pub service_type: &'static str,
    /// Its name, for logs and metrics: `nova`.
    pub name: &'static str,
    /// Its place under the one address: `/compute`.
    pub place: &'static str,
    /// What the catalog shows of it.
    pub catalog: &'static [CatalogEntry],
    /// The range of microversions, where the service has them.
    pub microversions: Option<Microversions>,
    /// The shape of a fault's body.
    pub envelope: Envelope,
    /// What a stranger is told of somebody else's resource.
    pub foreign: Foreign,
    /// Bodies of requests that are longer are refused with 413 (handlers of uploads read the stream themselves).
    pub max_body: usize,
}

/// What the catalog shows of a service.
#[derive(Debug, Clone, Copy)]
pub struct CatalogEntry {
    /// The type by which clients look for it: `volumev3`.
    pub kind: &'static str,
    /// The name: `cinderv3`.
    pub name: &'static str,
    /// The path below the service's place; may ask for `%(project_id)s`.
    pub path: &'static str,
}

impl CatalogEntry {
    /// Of that type and name, at that path below the service's place.
    pub const fn new(kind: &'static str, name: &'static str, path: &'static str) -> Self {
        Self { kind, name, path }
    }
}

/// The range of microversions of a service.
#[derive(Debug, Clone, Copy)]
pub struct Microversions {
    /// The oldest, and the one of who asks for none.
    pub min: Version,
    /// The newest.
    pub max: Version,
    /// The service's own header besides `OpenStack-API-Version` (`X-OpenStack-Nova-API-Version`).
    pub legacy_header: Option<&'static str>,
}

/// The shape of a fault's body.
#[derive(Debug, Clone, Copy)]
pub enum Envelope {
    /// `{"error": {"code", "message", "title"}}`
    Keystone,
    /// `{"itemNotFound": {"code", "message"}}`
    Compute,
    /// `{"NeutronError": {"type", "message", "detail"}}`
    Neutron,
    /// `{"errors": [{"status", "title", "detail", "code", "request_id"}]}`
    Placement,
    /// As webob writes it: a small HTML page, or JSON for who asks for that.
    Glance,
    /// One that no other service has, made of the fault and the request's id: it stands in the service's `scheme.rs`.
    Own(fn(&Fault, &str) -> Value),
}

/// What a stranger is told of somebody else's resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// That it is not there (404).
    Hidden,
    /// That it is forbidden (403).
    Forbidden,
}

/// Under which circumstances a fault is answered.
pub(super) struct Circumstances<'a> {
    pub(super) request_id: &'a str,
    pub(super) version: Option<Version>,
    /// Whether the client asked for JSON by name.
    pub(super) json: bool,
    /// Whether no route takes the request.
    pub(super) unrouted: bool,
}

/// Since then Placement's faults have codes.
const PLACEMENT_CODES: Version = Version::new(1, 23);

impl Scheme {
    /// The body of a fault, and its content type.
    pub(super) fn render(&self, fault: &Fault, circumstances: &Circumstances<'_>) -> (&'static str, Vec<u8>) {
        let code = fault.status.as_u16();
        let title = fault.title();
        let message = &fault.message;
        let body: Value = match self.envelope {
            Envelope::Glance if code == 401 && circumstances.json => webob_json(code, title, UNVERIFIED),
            Envelope::Glance if circumstances.json => webob_json(code, title, message),
            Envelope::Glance => return ("text/html; charset=UTF-8", webob_page(code, title, message).into()),
            // Who has no token is refused in front of the service.
            Envelope::Compute | Envelope::Neutron | Envelope::Placement if code == 401 => {
                keystone(code, title, message)
            }
            Envelope::Keystone => keystone(code, title, message),
            Envelope::Compute if circumstances.unrouted => webob_json(code, title, message),
            Envelope::Compute => {
                let name = fault.name.as_deref().unwrap_or(compute_name(fault.status));
                let body = json!({name: {"code": code, "message": message}}).to_string().into();
                let nova = self.name == "nova";
                return (if nova { "application/json; charset=UTF-8" } else { "application/json" }, body);
            }
            Envelope::Neutron => json!({"NeutronError": {
                "type": fault.name.as_deref().unwrap_or(neutron_name(fault.status)), "message": message, "detail": ""}}),
            Envelope::Placement => {
                let mut error = json!({
                    "status": code, "title": title, "detail": message, "request_id": circumstances.request_id});
                if circumstances.version.is_some_and(|version| version >= PLACEMENT_CODES) {
                    error["code"] = fault.name.as_deref().unwrap_or("placement.undefined_code").into();
                }
                if let (406, Some(range)) = (code, self.microversions) {
                    error["min_version"] = range.min.to_string().into();
                    error["max_version"] = range.max.to_string().into();
                }
                json!({"errors": [error]})
            }
            Envelope::Own(make) => make(fault, circumstances.request_id),
        };
        ("application/json", body.to_string().into_bytes())
    }
}

fn keystone(code: u16, title: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message, "title": title}})
}

const UNVERIFIED: &str = "This server could not verify that you are authorized to access the document you requested. \
    Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the \
    credentials required.";

/// As the web framework of Glance, Nova and Cinder writes a fault for a client that asks for JSON.
fn webob_json(code: u16, title: &str, message: &str) -> Value {
    json!({"code": format!("{code} {title}"), "message": format!("{message}<br /><br />\n\n\n"), "title": title})
}

/// And for a browser.
fn webob_page(code: u16, title: &str, message: &str) -> String {
    let text = escape(message);
    format!(
        "<html>\n <head>\n  <title>{code} {title}</title>\n </head>\n <body>\n  <h1>{code} {title}</h1>\n  {text}<br /><br />\n\n\n\n </body>\n</html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The member under which Nova and Cinder answer a fault of that status.
fn compute_name(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "badRequest",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "itemNotFound",
        405 => "badMethod",
        409 => "conflictingRequest",
        413 => "overLimit",
        415 => "badMediaType",
        429 => "overLimit",
        501 => "notImplemented",
        503 => "serviceUnavailable",
        _ => "computeFault",
    }
}

fn neutron_name(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "HTTPBadRequest",
        401 => "HTTPUnauthorized",
        403 => "HTTPForbidden",
        404 => "HTTPNotFound",
        405 => "HTTPMethodNotAllowed",
        409 => "HTTPConflict",
        _ => "HTTPInternalServerError",
    }
}
