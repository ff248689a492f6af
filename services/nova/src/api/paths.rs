//! Paths as old clients write them: with the project's id, or under `/v2`.

use axum::{Router, extract::Request, http::Uri};
use platform::http::NamedProject;
use tower::{Layer, ServiceExt, util::MapRequestLayer};

/// Serves `/v2.1/PROJECT/...` as `/v2.1/...`, and `/v2/...` as `/v2.1/...` without microversions.
pub fn lenient(inner: Router) -> Router {
    let service = MapRequestLayer::new(straighten).layer(inner);
    Router::new().fallback_service(service.map_response(|response| response))
}

fn straighten(mut request: Request) -> Request {
    let path = request.uri().path();
    let mut parts: Vec<&str> = path.split('/').collect();
    let legacy = parts.get(1) == Some(&"v2") && parts.len() > 2 && !(parts.len() == 3 && parts[2].is_empty());
    if legacy {
        parts[1] = "v2.1";
    }
    let project =
        parts.get(1) == Some(&"v2.1") && parts.len() > 3 && parts.get(2).is_some_and(|part| is_project(part));
    let named = project.then(|| NamedProject(parts.remove(2).to_owned()));
    if !legacy && !project {
        return request;
    }
    let mut target = parts.join("/");
    if let Some(query) = request.uri().query() {
        target.push('?');
        target.push_str(query);
    }
    if let Ok(uri) = target.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    if let Some(named) = named {
        request.extensions_mut().insert(named);
    }
    if legacy {
        request.headers_mut().remove("openstack-api-version");
        request.headers_mut().remove("x-openstack-nova-api-version");
    }
    request
}

fn is_project(part: &str) -> bool {
    part.len() >= 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn path(from: &str) -> String {
        straighten(Request::get(from).body(Body::empty()).unwrap()).uri().to_string()
    }

    #[test]
    fn a_project_in_the_path_is_left_out() {
        let project = "0123456789abcdef0123456789abcdef";
        assert_eq!(path(&format!("/v2.1/{project}/servers?limit=1")), "/v2.1/servers?limit=1");
        assert_eq!(path("/v2/servers"), "/v2.1/servers");
        assert_eq!(path("/v2/"), "/v2/");
        assert_eq!(path("/v2.1/servers/detail"), "/v2.1/servers/detail");
    }
}
