//! noVNC's files, from the folder where the distribution puts them.

use std::{
    path::{Component, Path as FilePath},
    sync::Arc,
};

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use crate::Nova;

/// A file of noVNC's.
pub async fn file(State(nova): State<Arc<Nova>>, Path(file): Path<String>) -> Response {
    let missing = || (StatusCode::NOT_FOUND, "noVNC has no such file here.").into_response();
    let plain = FilePath::new(&file).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain {
        return missing();
    }
    let path = FilePath::new(&nova.config.novnc_path).join(&file);
    match tokio::fs::read(&path).await {
        Ok(content) => ([(header::CONTENT_TYPE, kind(&file))], content).into_response(),
        Err(_) => missing(),
    }
}

fn kind(file: &str) -> &'static str {
    match file.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript",
        "css" => "text/css",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "mp3" => "audio/mpeg",
        "oga" => "audio/ogg",
        _ => "application/octet-stream",
    }
}
