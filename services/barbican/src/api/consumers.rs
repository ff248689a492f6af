//! Consumers of a secret (1.1): who says that it uses it, so that nobody deletes it unawares.

use axum::{extract::Path, response::Response};
use http::Method;
use platform::{
    View,
    db::list::{Kind, ListSpec},
    http::{Body, Cx, Fault, Query, Routes},
    policy::Rule,
};
use sea_orm::Order;

use super::{moment, pages, rule, secrets};
use crate::{
    Barbican,
    error::Error,
    model::{
        consumer::{self, Column, Entity, Use},
        secret,
    },
    quota,
};

const RULES: &[Rule] = &[
    rule("secret_consumers:get", "rule:secret_own", "List who uses a secret."),
    rule("secret_consumers:post", "rule:secret_own", "Say who uses a secret."),
    rule("secret_consumers:delete", "rule:secret_own", "Say who no longer uses a secret."),
];
const PATH: &str = "/v1/secrets/{id}/consumers";
const SINCE: Option<(u16, u16)> = Some((1, 1));

pub(super) fn routes() -> Routes<Barbican> {
    Routes::new()
        .rules(RULES)
        .versioned(Method::POST, PATH, "secret_consumers:post", SINCE, None, add)
        .versioned(Method::DELETE, PATH, "secret_consumers:delete", SINCE, None, remove)
        .versioned(Method::GET, PATH, "secret_consumers:get", SINCE, None, index)
        .list(&LIST)
}

static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[],
    sorts: &[("created", Column::CreatedAt)],
    default_sort: &[("created", Order::Asc)],
    max_limit: None,
};

/// A consumer.
#[derive(View)]
struct ConsumerView<'a> {
    service: &'a str,
    resource_type: &'a str,
    resource_id: &'a str,
    created: String,
    updated: String,
    status: &'static str,
}

fn view(row: &consumer::Model) -> ConsumerView<'_> {
    ConsumerView {
        service: &row.service,
        resource_type: &row.resource_type,
        resource_id: &row.resource_id,
        created: moment(row.created_at),
        updated: moment(row.created_at),
        status: "ACTIVE",
    }
}

async fn index(cx: Cx<Barbican>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    let secret = cx.open(secret::find(cx.service.db.read(), &id).await?)?;
    let page = pages::read(&cx, consumer::of(&secret), &LIST, &query).await?;
    let views: Vec<_> = page.rows.iter().map(view).collect();
    page.answer(&cx, &format!("secrets/{}/consumers", secret.id), &query, &views)
}

async fn add(cx: Cx<Barbican>, Path(id): Path<String>, Body(used): Body<Use>) -> Result<Response, Fault> {
    let secret = cx.open(secret::find(cx.service.db.read(), &id).await?)?;
    let project = cx.project_id()?;
    let mut tx = cx.service.db.write().await?;
    quota::room_for_one(&cx.service, &tx, project, "consumers", consumer::said_by(project)).await?;
    consumer::add(&tx, &secret, project, &used).await?;
    tx.emit(cx.event("key_manager.consumer.create", secret.id));
    tx.commit().await?;
    secrets::answer(&cx, &secret).await
}

async fn remove(cx: Cx<Barbican>, Path(id): Path<String>, Body(used): Body<Use>) -> Result<Response, Fault> {
    let secret = cx.open(secret::find(cx.service.db.read(), &id).await?)?;
    let mut tx = cx.service.db.write().await?;
    if !consumer::remove(&tx, &secret, &used).await? {
        return Err(Error::Missing("Consumer").into());
    }
    tx.emit(cx.event("key_manager.consumer.delete", secret.id));
    tx.commit().await?;
    secrets::answer(&cx, &secret).await
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::{Value, json};

    use crate::{
        Config,
        tests::{fault, secret, with},
    };

    fn used(id: &str) -> Value {
        json!({"service": "image", "resource_type": "image", "resource_id": id})
    }

    #[tokio::test]
    async fn consumers_are_said_listed_and_forgotten() {
        let (_, old) = with(Config::default()).await;
        let member = old.with_header("openstack-api-version", "key-manager 1.1");
        let path = secret(&member, json!({"name": "n"})).await;
        let consumers = format!("{path}/consumers");
        fault(&old.get(&consumers).await, 404);
        for id in ["a", "b", "b"] {
            let said = member.post(&consumers, used(id)).await;
            assert_eq!(said.status, 200, "{:?}", said.json);
            assert_eq!(said.json["consumers"][0], used("a"));
        }
        let page = member.get(&format!("{consumers}?limit=1")).await.json;
        assert_eq!((&page["consumers"][0]["resource_id"], &page["total"]), (&json!("a"), &json!(2)));
        let next = page["next"].as_str().unwrap().strip_prefix("http://cloud/key-manager").unwrap();
        assert_eq!(member.get(next).await.json["consumers"][0]["resource_id"], "b");

        assert_eq!(
            member.get("/v1/secrets").await.json["secrets"][0]["consumers"],
            json!([used("a"), used("b")])
        );
        assert_eq!(old.get(&path).await.json.get("consumers"), None);
        assert_eq!(member.send(Method::DELETE, &consumers, Some(used("a"))).await.status, 200);
        fault(&member.send(Method::DELETE, &consumers, Some(used("a"))).await, 404);
        for body in [json!({}), json!({"service": "", "resource_type": "x", "resource_id": "x"}), json!(1)] {
            fault(&member.post(&consumers, body).await, 400);
        }
        let stranger = member.with_token("stranger");
        for refused in [stranger.get(&consumers).await, stranger.post(&consumers, used("x")).await] {
            fault(&refused, 403);
        }
        assert_eq!(member.delete(&path).await.status, 204);
        fault(&member.get(&consumers).await, 404);
    }

    #[tokio::test]
    async fn a_project_says_so_many_consumers_and_no_more() {
        let config = Config { quotas: [("consumers".to_owned(), 1)].into(), ..Config::default() };
        let (_, member) = with(config).await;
        let member = member.with_header("openstack-api-version", "key-manager 1.1");
        let consumers = format!("{}/consumers", secret(&member, json!({})).await);
        assert_eq!(member.post(&consumers, used("a")).await.status, 200);
        fault(&member.post(&consumers, used("b")).await, 403);
    }
}
