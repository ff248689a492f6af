//! Paths that end with a slash.

use http::{Request, Uri, uri::PathAndQuery};

/// The same request without the slash at the end of its path.
pub fn without_slash<B>(mut request: Request<B>) -> Request<B> {
    let path = request.uri().path();
    let bare = path.trim_end_matches('/');
    if bare.is_empty() || bare.len() == path.len() {
        return request;
    }
    let rest = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(format!("{bare}{rest}")).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_of_a_path_is_taken_away() {
        for (given, wanted) in [
            ("/v3/users/", "/v3/users"),
            ("/v3/users//?name=a/", "/v3/users?name=a/"),
            ("/v3/users", "/v3/users"),
            ("http://cloud/v3/", "http://cloud/v3"),
            ("/", "/"),
        ] {
            let request = Request::builder().uri(given).body(()).unwrap();
            assert_eq!(without_slash(request).uri().to_string(), wanted);
        }
    }
}
