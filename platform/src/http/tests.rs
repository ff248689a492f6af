//! A small service, asked as clients ask.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{
    Base, Body, Cx, Envelope, Fault, Foreign, Microversions, OpenCx, Routes, Scheme, Service, mount,
    testing::{Client, KnownTokens},
};
use crate::{
    Body as BodyDerive, View,
    db::owned::{Owned, Sealed},
    policy::{Policy, Rule, Target},
    wire::Version,
};

static SCHEME: Scheme = Scheme {
    service_type: "compute",
    name: "toys",
    place: "/toys",
    catalog: &[],
    microversions: Some(Microversions {
        min: Version::new(2, 1),
        max: Version::new(2, 20),
        legacy_header: Some("x-openstack-nova-api-version"),
    }),
    envelope: Envelope::Compute,
    foreign: Foreign::Hidden,
    max_body: 1000,
};

const RULES: &[Rule] = &[
    Rule { name: "toys", default: "rule:project_member_or_admin", doc: "" },
    Rule { name: "look at toys", default: "'shelf':%(place)s", doc: "" },
    Rule { name: "all toys", default: "role:admin", doc: "" },
];

struct Toys {
    base: Base,
}

impl Service for Toys {
    fn base(&self) -> &Base {
        &self.base
    }
}

#[derive(Deserialize, BodyDerive)]
#[body(wrap = "toy")]
struct NewToy {
    #[body(min = 1, max = 8)]
    name: String,
    #[body(since = "2.5", one_of = ["red", "blue"])]
    colour: Option<String>,
}

#[derive(View)]
struct ToyView {
    name: String,
    #[view(since = "2.5")]
    colour: Option<String>,
    #[view(until = "2.9", rename = "old:size")]
    size: u32,
}

async fn create(cx: Cx<Toys>, Body(new): Body<NewToy>) -> Result<Response, Fault> {
    cx.allow()?;
    cx.answer(StatusCode::CREATED, "toy", &ToyView { name: new.name, colour: new.colour, size: 3 })
}

async fn show(
    cx: Cx<Toys>,
    axum::extract::Path(owner): axum::extract::Path<String>,
) -> Result<Response, Fault> {
    let missing = || Fault::not_found("Toy could not be found.");
    let owner = cx.found(Some(owner), |owner| Target::project(owner.as_str()), missing)?;
    cx.answer(StatusCode::OK, "toy", &ToyView { name: owner, colour: None, size: 1 })
}

/// A toy, and who has it.
struct Toy(String);

impl Owned for Toy {
    type Missing = Fault;

    fn target(&self) -> Target<'_> {
        Target::project(self.0.as_str())
    }

    fn missing(id: &str) -> Fault {
        Fault::not_found(format!("Toy {id} could not be found."))
    }
}

async fn play(
    cx: Cx<Toys>,
    axum::extract::Path(owner): axum::extract::Path<String>,
) -> Result<Response, Fault> {
    let toy = (owner != "nobody").then(|| Toy(owner.clone()));
    let toy = cx.open(Sealed::new(owner, toy))?;
    cx.answer(StatusCode::OK, "toy", &ToyView { name: toy.0, colour: None, size: 1 })
}

/// A toy that may be known by where it stands, whoever has it.
struct Exhibit(String);

impl Owned for Exhibit {
    type Missing = Fault;

    const SEEN_BY: Option<&'static str> = Some("look at toys");

    fn target(&self) -> Target<'_> {
        Target::project("p2").with("place", self.0.as_str())
    }

    fn missing(id: &str) -> Fault {
        Fault::not_found(id)
    }
}

async fn borrow(
    cx: Cx<Toys>,
    axum::extract::Path(place): axum::extract::Path<String>,
) -> Result<StatusCode, Fault> {
    cx.open(Sealed::new("", Some(Exhibit(place))))?;
    Ok(StatusCode::OK)
}

async fn list(cx: Cx<Toys>) -> Result<StatusCode, Fault> {
    let own = cx.own_scope()?;
    assert_eq!(own.project_id(), cx.caller.project_id());
    assert!(cx.scope_of_all("all toys").unwrap_or(own).is_everybody() == cx.caller.has_role("admin"));
    Ok(StatusCode::OK)
}

async fn list_of(
    cx: Cx<Toys>,
    axum::extract::Path(owner): axum::extract::Path<String>,
) -> Result<StatusCode, Fault> {
    assert_eq!(cx.scope_of(&owner)?.project_id(), Some(owner.as_str()));
    Ok(StatusCode::OK)
}

async fn forgetful(_: Cx<Toys>) -> StatusCode {
    StatusCode::OK
}

async fn versions(_: OpenCx<Toys>) -> StatusCode {
    StatusCode::OK
}

fn client() -> Client {
    static ALL: &[&[Rule]] = &[RULES];
    let base = Base {
        scheme: &SCHEME,
        tokens: KnownTokens::usual(),
        policy: Arc::new(Policy::new(ALL)),
        endpoint: "http://127.0.0.1:1/toys".into(),
    };
    let routes = Routes::new()
        .open(http::Method::GET, "/", versions)
        .post("/toys", "toys", create)
        .get("/toys/{owner}", "toys", show)
        .get("/toys/{owner}/play", "toys", play)
        .get("/exhibits/{place}", "toys", borrow)
        .get("/all", "toys", list)
        .get("/all/{owner}", "toys", list_of)
        .versioned(http::Method::GET, "/new", "toys", Some((2, 7)), None, forgetful)
        .get("/forgetful", "toys", forgetful);
    Client::new(mount(routes, Arc::new(Toys { base })), "member")
}

#[tokio::test]
async fn each_microversion_takes_and_shows_its_own_fields() {
    let body = json!({"toy": {"name": "ball", "colour": "red"}});
    let old = client().post("/toys", body.clone()).await;
    assert_eq!(old.status, 400, "the colour is not known before 2.5");
    let new = client().with_header("OpenStack-API-Version", "compute 2.10").post("/toys", body).await;
    assert_eq!(new.json, json!({"toy": {"name": "ball", "colour": "red"}}));
    assert_eq!(new.headers["openstack-api-version"], "compute 2.10");
    let old = client().post("/toys", json!({"toy": {"name": "ball"}})).await;
    assert_eq!(old.json, json!({"toy": {"name": "ball", "old:size": 3}}));
}

#[tokio::test]
async fn versions_out_of_range_and_out_of_shape_are_refused() {
    let ask = |text: &'static str| async move {
        client().with_header("OpenStack-API-Version", text).get("/").await.status.as_u16()
    };
    assert_eq!(ask("compute 2.21").await, 406);
    assert_eq!(ask("compute nonsense").await, 400);
    assert_eq!(ask("compute latest").await, 200);
    assert_eq!(ask("volume 9.9").await, 200, "another service's version is none of ours");
}

#[tokio::test]
async fn a_bad_body_is_refused_naming_the_field() {
    let long = client().post("/toys", json!({"toy": {"name": "far too long"}})).await;
    assert_eq!(long.status, 400);
    assert!(
        long.json["badRequest"]["message"].as_str().unwrap().contains("field/attribute name"),
        "{:?}",
        long.json
    );
    let extra = client().post("/toys", json!({"toy": {"name": "x", "wheels": 4}})).await;
    assert_eq!(extra.status, 400);
    let torn = client()
        .send_bytes(http::Method::POST, "/toys", Some("application/json"), b"{\"toy\": ".to_vec())
        .await;
    assert_eq!(torn.status, 400);
    let huge = client().post("/toys", json!({"toy": {"name": "x".repeat(2000)}})).await;
    assert_eq!(huge.status, 413);
    let form = client().send_bytes(http::Method::POST, "/toys", Some("text/plain"), b"x".to_vec()).await;
    assert_eq!(form.status, 415);
}

#[tokio::test]
async fn a_nul_is_refused_wherever_it_stands() {
    let client = client();
    assert_eq!(client.post("/toys", json!({"toy": {"name": "a\0b"}})).await.status, 400);
    assert_eq!(client.get("/toys/a%00b").await.status, 400);
    assert_eq!(client.get("/toys/a?name=%00").await.status, 400);
    assert!(client.post("/toys", json!({"toy": {"name": "\\u0000"}})).await.status.is_success());
}

#[tokio::test]
async fn strangers_are_told_that_it_is_not_there() {
    assert_eq!(client().get("/toys/p1").await.status, 200);
    assert_eq!(client().with_token("stranger").get("/toys/p1").await.status, 404);
    assert_eq!(client().with_token("reader").get("/toys/p1").await.status, 403);
    assert_eq!(client().with_token("admin").get("/toys/p1").await.status, 200);
    let anonymous = client().with_token("").get("/toys/p1").await;
    assert_eq!(anonymous.status, 401);
    assert!(anonymous.headers["www-authenticate"].to_str().unwrap().contains("/identity"));
}

#[tokio::test]
async fn a_sealed_row_opens_for_whom_the_policy_allows() {
    let play = |token: &'static str, toy: &'static str| async move {
        let answer = client().with_token(token).get(&format!("/toys/{toy}/play")).await;
        let message = answer.json.as_object().and_then(|body| body.values().next()).cloned();
        (
            answer.status.as_u16(),
            message.unwrap_or_default()["message"].as_str().unwrap_or_default().to_owned(),
        )
    };
    assert_eq!(play("member", "p1").await.0, 200);
    assert_eq!(play("admin", "p1").await.0, 200);
    let refused = play("reader", "p1").await;
    assert_eq!(refused, (403, "Policy doesn't allow toys to be performed.".into()));
    assert_eq!(play("stranger", "p1").await, (404, "Toy p1 could not be found.".into()));
    assert_eq!(play("admin", "nobody").await, (404, "Toy nobody could not be found.".into()));
}

#[tokio::test]
async fn what_may_be_seen_is_refused_and_what_may_not_be_seen_is_not_there() {
    assert_eq!(client().get("/exhibits/shelf").await.status, 403);
    assert_eq!(client().get("/exhibits/cellar").await.status, 404);
    assert_eq!(client().with_token("stranger").get("/exhibits/cellar").await.status, 200);
}

#[tokio::test]
async fn a_list_is_as_wide_as_the_policy_allows() {
    for (token, status) in [("member", 200), ("admin", 200), ("reader", 403)] {
        assert_eq!(client().with_token(token).get("/all").await.status, status, "{token}");
    }
    assert_eq!(client().get("/all/p1").await.status, 200);
    assert_eq!(client().get("/all/p2").await.status, 403);
    assert_eq!(client().with_token("admin").get("/all/p2").await.status, 200);
}

#[tokio::test]
async fn a_handler_that_forgets_the_policy_answers_nothing() {
    let answer = client().get("/forgetful").await;
    assert_eq!(answer.status, 500);
    assert!(answer.headers.contains_key("x-openstack-request-id"));
}

#[tokio::test]
async fn a_route_is_not_there_before_its_version() {
    assert_eq!(client().get("/new").await.status, 404);
    let unknown = client().get("/nowhere").await;
    assert_eq!((unknown.status.as_u16(), unknown.json["code"].as_str()), (404, Some("404 Not Found")));
    assert_eq!(
        client().delete("/toys").await.status,
        404,
        "as Nova and Cinder answer to methods that a path has not"
    );
}
