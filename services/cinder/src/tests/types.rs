use serde_json::{Value, json};

use super::{Cloud, expect};

async fn made(cloud: &Cloud, kind: Value) -> String {
    let answer = cloud.admin.post("/v3/types", json!({"volume_type": kind})).await;
    expect(&answer, 200);
    assert!(answer.json["volume_type"].get("qos_specs_id").is_none());
    answer.json["volume_type"]["id"].as_str().unwrap().to_owned()
}

fn names(list: &Value) -> Vec<&str> {
    list["volume_types"].as_array().unwrap().iter().map(|kind| kind["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_private_type_is_for_those_who_were_given_it() {
    let cloud = Cloud::running().await;
    let id = made(&cloud, json!({"name": "secret", "os-volume-type-access:is_public": false})).await;
    let list = async |who: &platform::http::testing::Client, query: &str| {
        who.get(&format!("/v3/types{query}")).await.json
    };
    assert_eq!(names(&list(&cloud.member, "").await), ["__DEFAULT__"]);
    assert_eq!(names(&list(&cloud.admin, "").await), ["__DEFAULT__"]);
    assert_eq!(names(&list(&cloud.admin, "?is_public=None").await), ["secret", "__DEFAULT__"]);
    assert_eq!(names(&list(&cloud.admin, "?is_public=false").await), ["secret"]);
    expect(&cloud.member.get(&format!("/v3/types/{id}")).await, 404);
    expect(&cloud.member.post("/v3/volumes", json!({"volume": {"size": 1, "volume_type": id}})).await, 404);
    let action = format!("/v3/types/{id}/action");
    expect(&cloud.admin.post(&action, json!({"addProjectAccess": {"project": "p1"}})).await, 202);
    expect(&cloud.admin.post(&action, json!({"addProjectAccess": {"project": "p1"}})).await, 409);
    assert_eq!(names(&list(&cloud.member, "").await), ["secret", "__DEFAULT__"]);
    let access = cloud.admin.get(&format!("/v3/types/{id}/os-volume-type-access")).await;
    assert_eq!(access.json["volume_type_access"], json!([{"volume_type_id": id, "project_id": "p1"}]));
    let volume = cloud.volume(json!({"volume_type": "secret"})).await;
    expect(&cloud.admin.delete(&format!("/v3/types/{id}")).await, 400);
    expect(
        &cloud
            .act(&volume, json!({"os-retype": {"new_type": "__DEFAULT__", "migration_policy": "never"}}))
            .await,
        202,
    );
    assert_eq!(cloud.shown(&volume).await["volume_type"], "__DEFAULT__");
    expect(&cloud.admin.post(&action, json!({"removeProjectAccess": {"project": "p1"}})).await, 202);
    expect(&cloud.admin.post(&action, json!({"removeProjectAccess": {"project": "p1"}})).await, 404);
    expect(&cloud.admin.delete(&format!("/v3/types/{id}")).await, 202);
}

#[tokio::test]
async fn users_see_only_the_extra_specs_that_they_can_make_use_of() {
    let cloud = Cloud::idle().await;
    let id = made(
        &cloud,
        json!({"name": "special", "extra_specs": {"vendor_name": "x", "multiattach": "<is> True"}}),
    )
    .await;
    let specs = format!("/v3/types/{id}/extra_specs");
    assert_eq!(cloud.member.get(&specs).await.json["extra_specs"], json!({"multiattach": "<is> True"}));
    expect(&cloud.member.get(&format!("{specs}/vendor_name")).await, 404);
    expect(&cloud.admin.get(&format!("{specs}/vendor_name")).await, 200);
    expect(&cloud.admin.put(&format!("{specs}/vendor_name"), json!({"vendor_name": "y"})).await, 200);
    expect(&cloud.admin.put(&format!("{specs}/vendor_name"), json!({"other": "y"})).await, 400);
    expect(&cloud.admin.put(&format!("{specs}/vendor_name"), json!(null)).await, 400);
    expect(&cloud.admin.delete(&format!("{specs}/vendor_name")).await, 202);
    expect(&cloud.admin.delete(&format!("{specs}/vendor_name")).await, 404);
    let updated =
        cloud.admin.put(&format!("/v3/types/{id}"), json!({"volume_type": {"description": "d"}})).await;
    expect(&updated, 200);
    assert!(updated.json["volume_type"].get("os-volume-type-access:is_public").is_none());
    expect(&cloud.admin.post("/v3/types", json!({"volume_type": {"name": "special"}})).await, 409);
    expect(&cloud.admin.post("/v3/types", json!({"volume_type": {"name": ""}})).await, 400);
}

#[tokio::test]
async fn a_type_that_no_backend_is_makes_a_volume_in_error_and_a_message() {
    let cloud = Cloud::running().await;
    made(&cloud, json!({"name": "bogus", "extra_specs": {"storage_protocol": "pigeons"}})).await;
    let id = cloud.begin(json!({"volume_type": "bogus"})).await;
    cloud.becomes(&format!("/v3/volumes/{id}"), "volume", "error").await;
    let told = cloud.member.get(&format!("/v3/messages?resource_uuid={id}")).await;
    let message = &told.json["messages"][0];
    assert_eq!(
        message["user_message"],
        "schedule allocate volume:Could not find any available weighted backend."
    );
    expect(&cloud.member.delete(&format!("/v3/volumes/{id}")).await, 202);
    cloud.goes(&format!("/v3/volumes/{id}")).await;
}

#[tokio::test]
async fn ossa_2018_001_what_should_be_encrypted_is_never_kept_in_the_clear() {
    let cloud = Cloud::running().await;
    let id = made(&cloud, json!({"name": "luks"})).await;
    let place = format!("/v3/types/{id}/encryption");
    assert_eq!(cloud.admin.get(&place).await.json, json!({}));
    let asked = json!({"provider": "luks", "control_location": "front-end", "key_size": 256, "cipher": "aes-xts-plain64"});
    let made = cloud.admin.post(&place, json!({"encryption": asked})).await;
    expect(&made, 200);
    let encryption = made.json["encryption"]["encryption_id"].as_str().unwrap().to_owned();
    expect(&cloud.admin.post(&place, json!({"encryption": asked})).await, 400);
    expect(&cloud.member.get(&place).await, 403);
    let refused = cloud.member.post("/v3/volumes", json!({"volume": {"size": 1, "volume_type": id}})).await;
    expect(&refused, 400);
    let volume = cloud.volume(json!({})).await;
    expect(&cloud.act(&volume, json!({"os-retype": {"new_type": "luks"}})).await, 400);
    expect(
        &cloud.admin.put(&format!("{place}/{encryption}"), json!({"encryption": {"key_size": 128}})).await,
        200,
    );
    assert_eq!(cloud.admin.get(&format!("{place}/key_size")).await.json, json!({"key_size": 128}));
    expect(&cloud.admin.delete(&format!("{place}/{encryption}")).await, 202);
    assert_eq!(cloud.admin.get(&place).await.json, json!({}));
    let nowhere = format!("/v3/types/{}/encryption", uuid::Uuid::new_v4());
    expect(&cloud.admin.post(&nowhere, json!({"encryption": asked})).await, 404);
}

#[tokio::test]
async fn qos_specs_are_made_changed_and_associated() {
    let cloud = Cloud::idle().await;
    let asked = json!({"qos_specs": {"name": "fast", "consumer": "front-end", "read_iops_sec": "2000"}});
    let answer = cloud.admin.post("/v3/qos-specs", asked.clone()).await;
    expect(&answer, 200);
    let path = format!("/v3/qos-specs/{}", answer.json["qos_specs"]["id"].as_str().unwrap());
    assert_eq!(answer.json["qos_specs"]["specs"], json!({"read_iops_sec": "2000"}));
    expect(&cloud.admin.post("/v3/qos-specs", asked).await, 409);
    expect(
        &cloud.admin.post("/v3/qos-specs", json!({"qos_specs": {"name": "x", "consumer": "nobody"}})).await,
        400,
    );
    let set = cloud.admin.put(&path, json!({"qos_specs": {"iops_bytes": "500"}})).await;
    assert_eq!(set.json, json!({"qos_specs": {"iops_bytes": "500"}}));
    expect(&cloud.admin.put(&format!("{path}/delete_keys"), json!({"keys": ["iops_bytes"]})).await, 202);
    expect(&cloud.admin.put(&format!("{path}/delete_keys"), json!({"keys": ["iops_bytes"]})).await, 404);
    assert_eq!(
        cloud.admin.get("/v3/qos-specs").await.json["qos_specs"],
        json!([cloud.admin.get(&path).await.json["qos_specs"]])
    );

    let kind = made(&cloud, json!({"name": "with"})).await;
    expect(&cloud.admin.get(&format!("{path}/associate")).await, 400);
    expect(&cloud.admin.get(&format!("{path}/associate?vol_type_id={kind}")).await, 202);
    let with = cloud.admin.get(&format!("{path}/associations")).await;
    assert_eq!(with.json["qos_associations"][0]["id"], kind.as_str());
    expect(&cloud.admin.delete(&path).await, 400);
    expect(&cloud.admin.get(&format!("{path}/disassociate?vol_type_id={kind}")).await, 202);
    expect(&cloud.admin.get(&format!("{path}/associate?vol_type_id={kind}")).await, 202);
    expect(&cloud.admin.get(&format!("{path}/disassociate_all")).await, 202);
    expect(&cloud.admin.delete(&path).await, 202);
    expect(&cloud.admin.get(&path).await, 404);
}
