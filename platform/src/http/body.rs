//! A request's body: JSON, checked against the schema of the request's microversion.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::{Fault, Service};
use crate::wire::{Schema, Version, schema};

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
            if !kind.starts_with("application/json") && !kind.starts_with("application/openstack-images") {
                return Err(Fault::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    format!("The media type {kind} is not supported, use application/json"),
                ));
            }
        }
        let bytes = axum::body::to_bytes(request.into_body(), scheme.max_body)
            .await
            .map_err(|_| Fault::too_large("Request is too large."))?;
        Ok(Self(schema::read(&bytes, version)?))
    }
}
