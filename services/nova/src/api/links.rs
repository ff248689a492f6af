//! Links in answers.

use platform::http::{Cx, Query};
use serde::Serialize;

use crate::Nova;

/// A link.
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    rel: &'static str,
    href: String,
}

/// `self` and `bookmark` of a resource.
pub fn links(cx: &Cx<Nova>, collection: &str, id: impl std::fmt::Display) -> [Link; 2] {
    [
        Link { rel: "self", href: cx.link(&format!("/v2.1/{collection}/{id}")) },
        Link { rel: "bookmark", href: cx.link(&format!("/{collection}/{id}")) },
    ]
}

/// `bookmark` of a resource.
pub fn bookmark(cx: &Cx<Nova>, collection: &str, id: impl std::fmt::Display) -> Link {
    Link { rel: "bookmark", href: cx.link(&format!("/{collection}/{id}")) }
}

/// The link to the next page.
pub fn next(cx: &Cx<Nova>, path: &str, query: &Query, marker: impl ToString) -> [Link; 1] {
    let query = query.with("marker", &marker.to_string());
    [Link { rel: "next", href: cx.link(&format!("/v2.1/{path}?{query}")) }]
}
