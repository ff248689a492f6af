//! Graphical consoles in a browser.
//!
//! A token is made for who may see a server's console; only its hash is kept, and it ends after a while. The browser
//! loads noVNC from `/novnc/`, which opens a websocket to `/novnc/websockify?token=...`; that is checked and piped to the
//! host's RFB server.

mod pages;
mod proxy;
mod token;

use std::sync::Arc;

use axum::{Router, routing::get};

use crate::Nova;

pub use token::{issue, redeem};

/// The routes of the console, beside the API.
pub fn router(nova: Arc<Nova>) -> Router {
    Router::new()
        .route("/novnc/websockify", get(proxy::open))
        .route("/novnc/{*file}", get(pages::file))
        .with_state(nova)
}
