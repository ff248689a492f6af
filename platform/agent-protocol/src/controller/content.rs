//! Images that a host fetches, and snapshots that it hands over.

use contracts::CallError;
use futures::{StreamExt, TryStreamExt};
use http::{HeaderValue, Response, StatusCode, header::CONTENT_LENGTH};
use hyper::body::Incoming;
use uuid::Uuid;

use super::{HostRegistry, grants::Way};
use crate::{
    body::{self, Body},
    identity::HostIdentity,
    limits,
};

/// Why a host gets nothing: the same whether there is such an image or not.
fn not_its_own(peer: &HostIdentity, id: Uuid, way: Way) -> Response<Body> {
    tracing::warn!(host = peer.0, image = %id, ?way, "the host asks for an image that no request to it names");
    body::problem(StatusCode::FORBIDDEN, "no request to this host names that image")
}

fn no_services() -> Response<Body> {
    body::problem(StatusCode::SERVICE_UNAVAILABLE, "the controller is starting")
}

pub(super) async fn fetch(registry: &HostRegistry, peer: &HostIdentity, id: Uuid) -> Response<Body> {
    if !registry.inner.grants.allows(&peer.0, Way::Fetch, id) {
        return not_its_own(peer, id, Way::Fetch);
    }
    let Some(services) = registry.services() else { return no_services() };
    match services.images.open(id).await {
        Err(error) => body::call_problem(&error),
        Ok((image, data)) => {
            let host = peer.0.clone();
            let data = data.inspect_err(move |error| {
                tracing::warn!(host, image = %id, %error, "the image's content broke off");
            });
            let mut response = body::answer(StatusCode::OK, body::streamed(data));
            if let Some(size) = image.size {
                response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
            }
            response
        }
    }
}

pub(super) async fn store(
    registry: &HostRegistry,
    peer: &HostIdentity,
    id: Uuid,
    data: Incoming,
) -> Response<Body> {
    if !registry.inner.grants.allows(&peer.0, Way::Store, id) {
        return not_its_own(peer, id, Way::Store);
    }
    let Some(services) = registry.services() else { return no_services() };
    match services.images.store(id, body::pieces(data, limits::CONTENT_IDLE).boxed()).await {
        Ok(_) => body::answer(StatusCode::NO_CONTENT, body::empty()),
        // Asked again after the answer was lost: an active image was stored whole, and only a snapshot of this host's
        // could be.
        Err(CallError::Conflict(_)) if services.images.open(id).await.is_ok() => {
            body::answer(StatusCode::NO_CONTENT, body::empty())
        }
        Err(error) => body::call_problem(&error),
    }
}
