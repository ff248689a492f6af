//! The content of an image: up, staged, and down.

use axum::{
    body::Body,
    extract::{Path, Request},
    response::{IntoResponse, Response},
};
use contracts::image::ImageData;
use futures::{StreamExt, TryStreamExt};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use platform::http::{Cx, Fault, Routes};
use uuid::Uuid;

use super::found;
use crate::{
    Glance,
    content::{
        download::{Wanted, range},
        upload::{self, Incoming, Purpose},
    },
    model::image::{Model, Seen, status},
};

pub(super) fn routes() -> Routes<Glance> {
    Routes::new()
        .put("/v2/images/{id}/file", "upload_image", put)
        .put("/v2/images/{id}/stage", "modify_image", stage)
        .get("/v2/images/{id}/file", "download_image", get)
}

async fn put(cx: Cx<Glance>, Path(id): Path<String>, request: Request) -> Result<Response, Fault> {
    let Seen { image, .. } = found(&cx, cx.service.db.read(), &id).await?;
    take(cx, image, request, Purpose::Upload).await
}

async fn stage(cx: Cx<Glance>, Path(id): Path<String>, request: Request) -> Result<Response, Fault> {
    let Seen { image, .. } = found(&cx, cx.service.db.read(), &id).await?;
    take(cx, image, request, Purpose::Stage).await
}

async fn take(cx: Cx<Glance>, image: Model, request: Request, purpose: Purpose) -> Result<Response, Fault> {
    let announced = announced(request.headers())?;
    let data: ImageData = request.into_body().into_data_stream().map_err(std::io::Error::other).boxed();
    let request = Some(cx.request_id.0.to_string());
    upload::take(&cx.service, Incoming { image, data, announced, purpose, request }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// How long the content is said to be. Refuses what is not announced as bytes.
fn announced(headers: &HeaderMap) -> Result<Option<u64>, Fault> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if kind != "application/octet-stream" {
        return Err(Fault::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("Invalid content type {}", kind.chars().take(64).collect::<String>()),
        ));
    }
    let number = |text: &str| {
        text.trim()
            .parse::<u64>()
            .map_err(|_| Fault::bad_request("Invalid or missing image size in request headers."))
    };
    let said = text("x-openstack-image-size").map(number).transpose()?;
    let length = text("content-length").map(number).transpose()?;
    match (said, length) {
        (Some(said), Some(length)) if said != length => {
            Err(Fault::bad_request("The image size in the request headers is not the length of the body."))
        }
        (said, length) => Ok(said.or(length)),
    }
}

async fn get(cx: Cx<Glance>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Fault> {
    let Seen { image, .. } = found(&cx, cx.service.db.read(), &id).await?;
    if image.status == status::DEACTIVATED && !cx.is_admin() {
        return Err(Fault::forbidden(
            "The requested image has been deactivated. Image data download is forbidden.",
        ));
    }
    let Some(content) = image.content else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    send(&cx, &image, content, &headers).await
}

async fn send(cx: &Cx<Glance>, image: &Model, content: Uuid, headers: &HeaderMap) -> Result<Response, Fault> {
    let size = u64::try_from(image.size).unwrap_or(0);
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let (status, offset, length) = match range(asked, size) {
        Wanted::All => (StatusCode::OK, 0, size),
        Wanted::Part { offset, length } => (StatusCode::PARTIAL_CONTENT, offset, length),
        Wanted::Unsatisfiable => {
            let fault =
                Fault::new(StatusCode::RANGE_NOT_SATISFIABLE, "The requested range is not satisfiable.");
            return Err(match HeaderValue::from_str(&format!("bytes */{size}")) {
                Ok(value) => fault.header(header::CONTENT_RANGE, value),
                Err(_) => fault,
            });
        }
    };
    let data = cx.service.store.read(content, offset, length).await.map_err(crate::Error::Storage)?;
    let mut response = (status, Body::from_stream(data)).into_response();
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    put(header::CONTENT_TYPE, "application/octet-stream".into());
    put(header::CONTENT_LENGTH, length.to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        put(header::CONTENT_RANGE, format!("bytes {offset}-{}/{size}", offset + length - 1));
    }
    if let Some(checksum) = &image.checksum {
        // Glance's clients compare it as it is shown: in hexadecimal.
        put(HeaderName::from_static("content-md5"), checksum.clone());
    }
    Ok(response)
}
