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
    /// A small HTML page, as webob writes it.
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

impl Envelope {
    /// The body of a fault, and its content type.
    pub fn render(self, fault: &Fault, request_id: &str) -> (&'static str, Vec<u8>) {
        let code = fault.status.as_u16();
        let title = fault.title();
        let message = &fault.message;
        let body: Value = match self {
            Self::Keystone => json!({"error": {"code": code, "message": message, "title": title}}),
            Self::Compute => {
                json!({fault.name.as_deref().unwrap_or(compute_name(fault.status)): {"code": code, "message": message}})
            }
            Self::Neutron => json!({"NeutronError": {
                "type": fault.name.as_deref().unwrap_or(neutron_name(fault.status)), "message": message, "detail": ""}}),
            Self::Placement => json!({"errors": [{
                "status": code, "title": title, "detail": message, "request_id": request_id,
                "code": fault.name.as_deref().unwrap_or("placement.undefined_code")}]}),
            Self::Own(make) => make(fault, request_id),
            Self::Glance => {
                let text = escape(message);
                let page = format!(
                    "<html>\n <head>\n  <title>{code} {title}</title>\n </head>\n <body>\n  <h1>{code} {title}</h1>\n  {text}<br /><br />\n\n\n\n </body>\n</html>"
                );
                return ("text/html; charset=UTF-8", page.into_bytes());
            }
        };
        ("application/json", body.to_string().into_bytes())
    }
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
