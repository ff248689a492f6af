//! Around every request of a service: its id, its microversion, the envelope of faults, the log line, the metrics.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use tower::ServiceExt;
use tracing::Instrument;

use super::{
    Envelope, Fault, Routes, Scheme, Service, context::Asked, fault::Unrendered, paths::without_slash,
    scheme::Circumstances,
};
use crate::wire::Version;

/// The id of a request: `req-` and a UUID.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

impl Default for RequestId {
    fn default() -> Self {
        Self(format!("req-{}", uuid::Uuid::new_v4()).into())
    }
}

/// The router of a service: its routes, with everything around them.
pub fn mount<S: Service>(routes: Routes<S>, service: Arc<S>) -> Router {
    let scheme = service.base().scheme;
    let challenge = super::context::challenge(service.base());
    routes
        .into_router()
        .fallback(|| async { Unrouted::response(Fault::not_found("The resource could not be found.")) })
        .method_not_allowed_fallback(move |method: Method| async move { unrouted_method(scheme, &method) })
        .with_state(service)
        .layer(from_fn_with_state((scheme, challenge), edge))
}

/// The same for a service of whose paths each may end with a slash.
pub fn mount_lenient<S: Service>(routes: Routes<S>, service: Arc<S>) -> Router {
    Router::new().fallback_service(mount(routes, service).map_request(without_slash))
}

/// Marks the answer to what no route takes: some services say that in other words than their faults.
#[derive(Clone)]
struct Unrouted;

impl Unrouted {
    fn response(answer: impl IntoResponse) -> Response {
        let mut response = answer.into_response();
        response.extensions_mut().insert(Self);
        response
    }
}

/// The path is known, the method is not.
fn unrouted_method(scheme: &Scheme, method: &Method) -> Response {
    match scheme.envelope {
        Envelope::Keystone if method == Method::OPTIONS => Unrouted::response(StatusCode::OK),
        Envelope::Compute => Unrouted::response(Fault::not_found("The resource could not be found.")),
        _ => Unrouted::response(Fault::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "The method is not allowed for this resource.",
        )),
    }
}

async fn edge(
    State((scheme, challenge)): State<(&'static Scheme, Option<HeaderValue>)>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = RequestId::default();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", service = scheme.name, request_id = %id.0);
    let asked = Arc::new(Asked::default());
    let json = request.headers().get(header::ACCEPT).is_some_and(|kinds| {
        kinds.to_str().is_ok_and(|kinds| kinds.to_ascii_lowercase().contains("application/json"))
    });
    let (mut request, whole) = with_small_body(request).await;
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(asked.clone());

    let version = negotiate(scheme, request.headers()).and_then(|version| {
        refuse_nul(request.uri())?;
        whole.then_some(version).ok_or_else(|| Fault::bad_request("The request ended before its body did."))
    });
    let mut response = match &version {
        Ok(Some(version)) => {
            request.extensions_mut().insert(*version);
            next.run(request).instrument(span.clone()).await
        }
        Ok(None) => next.run(request).instrument(span.clone()).await,
        Err(fault) => fault.clone().into_response(),
    };
    let unrouted = response.extensions().get::<Unrouted>().is_some();
    if response.status().is_success() && !unrouted && !asked.0.load(Ordering::Relaxed) {
        let _entered = span.enter();
        response =
            Fault::internal(format_args!("{method} {path} was about to succeed without asking the policy"))
                .into_response();
    }
    let version = version.ok().flatten();
    render(scheme, &Circumstances { request_id: &id.0, version, json, unrouted }, &mut response);
    let anonymous = response.status() == StatusCode::UNAUTHORIZED;
    if let (true, Some(challenge)) = (anonymous, challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    // Who is nobody is refused before a version is spoken of.
    label(scheme, &id, version.filter(|_| !anonymous), response.headers_mut());
    account(scheme, &span, &method, &path, &response, started);
    response
}

/// Bodies up to this many bytes are taken off the wire before anything is decided.
const SMALL: usize = 64 * 1024;

/// A request that is refused before its body was read leaves a connection behind that can't be used again, and a client that
/// has sent its next request on it already never hears of either. So small bodies are read first.
async fn with_small_body(request: Request) -> (Request, bool) {
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if !length.is_some_and(|length: usize| (1..=SMALL).contains(&length)) {
        return (request, true);
    }
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, SMALL).await {
        Ok(body) => (Request::from_parts(parts, Body::from(body)), true),
        Err(_) => (Request::from_parts(parts, Body::empty()), false),
    }
}

/// No id, name or filter holds a NUL, and not every database takes one.
fn refuse_nul(uri: &Uri) -> Result<(), Fault> {
    match uri.path_and_query() {
        Some(text) if text.as_str().contains("%00") => {
            Err(Fault::bad_request("The address of a request must not hold the character NUL (%00)."))
        }
        _ => Ok(()),
    }
}

/// The microversion that the request asks for.
fn negotiate(scheme: &Scheme, headers: &HeaderMap) -> Result<Option<Version>, Fault> {
    let Some(range) = scheme.microversions else { return Ok(None) };
    let standard =
        headers.get_all("openstack-api-version").iter().filter_map(|value| value.to_str().ok()).find_map(
            |value| {
                value.split(',').find_map(|part| {
                    let (service, version) = part.trim().split_once(' ')?;
                    service.eq_ignore_ascii_case(scheme.service_type).then(|| version.trim().to_owned())
                })
            },
        );
    let legacy = || {
        let value = headers.get(range.legacy_header?)?.to_str().ok()?;
        // `volume 3.0` or `2.1`.
        Some(value.rsplit(' ').next().unwrap_or(value).to_owned())
    };
    let Some(text) = standard.or_else(legacy) else { return Ok(Some(range.min)) };
    if text.eq_ignore_ascii_case("latest") {
        return Ok(Some(range.max));
    }
    let version: Version = text.parse().map_err(|_| {
        Fault::bad_request(format!(
            "API Version String {} is of invalid format. Must be of format MajorNum.MinorNum.",
            text.chars().take(32).collect::<String>()
        ))
    })?;
    if version < range.min || version > range.max {
        return Err(Fault::new(
            StatusCode::NOT_ACCEPTABLE,
            format!(
                "Version {version} is not supported by the API. Minimum is {} and maximum is {}.",
                range.min, range.max
            ),
        ));
    }
    Ok(Some(version))
}

/// Puts a fault into the service's envelope.
fn render(scheme: &Scheme, circumstances: &Circumstances<'_>, response: &mut Response) {
    let Some(Unrendered(fault)) = response.extensions_mut().remove::<Unrendered>() else { return };
    let (kind, body) = scheme.render(&fault, circumstances);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    for (name, value) in fault.headers {
        headers.append(name, value);
    }
    *response.body_mut() = Body::from(body);
}

/// The headers that every answer has.
fn label(scheme: &Scheme, id: &RequestId, version: Option<Version>, headers: &mut HeaderMap) {
    let text = |text: String| HeaderValue::from_str(&text).ok();
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        if matches!(scheme.envelope, Envelope::Compute) {
            headers.insert("x-compute-request-id", id.clone());
        }
        headers.insert("x-openstack-request-id", id);
    }
    if matches!(scheme.envelope, Envelope::Keystone) {
        headers.append(header::VARY, HeaderValue::from_static("X-Auth-Token"));
    }
    let (Some(version), Some(range)) = (version, scheme.microversions) else { return };
    if let Some(value) = text(format!("{} {version}", scheme.service_type)) {
        headers.insert("openstack-api-version", value);
    }
    headers.append(header::VARY, HeaderValue::from_static("OpenStack-API-Version"));
    if let Some((name, value)) = range.legacy_header.zip(text(version.to_string())) {
        let name = HeaderName::from_static(name);
        headers.insert(name.clone(), value);
        headers.append(header::VARY, HeaderValue::from_name(name));
    }
}

fn account(
    scheme: &'static Scheme,
    span: &tracing::Span,
    method: &Method,
    path: &str,
    response: &Response,
    started: Instant,
) {
    let took = started.elapsed();
    let status = response.status().as_u16();
    metrics::histogram!("pileus_request_seconds", "service" => scheme.name, "method" => method.to_string())
        .record(took.as_secs_f64());
    metrics::counter!("pileus_requests_total", "service" => scheme.name, "status" => status.to_string())
        .increment(1);
    span.in_scope(|| tracing::info!(%method, path, status, ms = took.as_millis() as u64, "answered"));
}
