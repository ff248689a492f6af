//! A request's body: JSON, checked against the schema of the request's microversion.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::{Envelope, Fault, Scheme, Service};
use crate::wire::{Schema, Version, schema, schema::BodyError};

/// The body, typed.
pub struct Body<T>(pub T);

impl<S, T> FromRequest<Arc<S>> for Body<T>
where
    S: Service,
    T: Schema + DeserializeOwned + 'static,
{
    type Rejection = Fault;

    async fn from_request(request: Request, service: &Arc<S>) -> Result<Self, Fault> {
        let scheme = service.base().scheme;
        let version = request.extensions().get::<Version>().copied().unwrap_or(match scheme.microversions {
            Some(range) => range.min,
            None => Version::new(0, 0),
        });
        if let Some(kind) = request.headers().get(header::CONTENT_TYPE) {
            let kind = kind.to_str().unwrap_or_default();
            if !kind.starts_with("application/json")
                && !kind.starts_with("application/openstack-images")
                && let Some(fault) = other_type(scheme, kind)
            {
                return Err(fault);
            }
        }
        let bytes = axum::body::to_bytes(request.into_body(), scheme.max_body)
            .await
            .map_err(|_| Fault::too_large("Request is too large."))?;
        schema::read(&bytes, version).map(Self).map_err(|error| match error {
            BodyError::Malformed(_) => malformed(scheme.envelope, bytes.is_empty()),
            // For Keystone and Neutron, what is no object is no body.
            BodyError::Whole(why) if why.ends_with("is not of type 'object'") => match scheme.envelope {
                Envelope::Keystone => malformed(scheme.envelope, false),
                Envelope::Neutron => malformed(scheme.envelope, true),
                _ => Fault::bad_request(why),
            },
            error => error.into(),
        })
    }
}

/// What is not JSON, in the words of each service.
fn malformed(envelope: Envelope, empty: bool) -> Fault {
    match envelope {
        Envelope::Compute if empty => Fault::bad_request("None is not of type 'object'"),
        Envelope::Compute => Fault::bad_request("Malformed request body"),
        Envelope::Neutron if empty => Fault::bad_request("Resource body required"),
        Envelope::Neutron => Fault::bad_request("Malformed request body: Cannot understand JSON.")
            .named("MalformedRequestBody"),
        Envelope::Glance => Fault::bad_request("Malformed JSON in request body."),
        Envelope::Placement | Envelope::Own(_) => Fault::bad_request("Malformed JSON: the body is not JSON."),
        Envelope::Keystone => Fault::bad_request(
            "Expecting to find valid JSON in request body. The server could not comply with the request since it is either \
             malformed or otherwise incorrect. The client is assumed to be in error.",
        ),
    }
}

/// What a service answers to a body of another type than JSON. Nova and Neutron read JSON whatever it is called.
fn other_type(scheme: &Scheme, kind: &str) -> Option<Fault> {
    let unsupported = |message: &str| Some(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    match scheme.envelope {
        Envelope::Neutron => None,
        Envelope::Compute if scheme.name == "nova" => None,
        Envelope::Compute => unsupported("Unsupported Content-Type"),
        Envelope::Keystone => Some(Fault::bad_request(
            "Expecting to find application/json in Content-Type header. The server could not comply with the request since \
             it is either malformed or otherwise incorrect. The client is assumed to be in error.",
        )),
        _ => unsupported(&format!("The media type {kind} is not supported, use application/json")),
    }
}
