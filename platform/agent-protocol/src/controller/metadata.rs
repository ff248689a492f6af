//! Guests' questions to the metadata service.

use contracts::compute::MetadataRequest;
use http::{Response, StatusCode};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::HostRegistry;
use crate::{
    body::{self, Body},
    identity::HostIdentity,
    limits,
};

pub(super) async fn answer(
    registry: &HostRegistry,
    peer: &HostIdentity,
    question: Incoming,
) -> Response<Body> {
    let question = body::read_json::<MetadataRequest>(question, limits::MAX_CALL_BODY);
    let asked = match timeout(limits::CALL_DEADLINE, question).await {
        Ok(Ok(asked)) => asked,
        Ok(Err(error)) => return body::problem(StatusCode::BAD_REQUEST, error),
        Err(_) => return body::problem(StatusCode::REQUEST_TIMEOUT, "the question did not come"),
    };
    let Some(services) = registry.services() else {
        return body::problem(StatusCode::SERVICE_UNAVAILABLE, "the controller is starting");
    };
    let answer = services.metadata.answer(&peer.0, asked).await;
    match answer {
        Ok(answer) => body::json(StatusCode::OK, &answer),
        Err(error) => body::call_problem(&error),
    }
}
