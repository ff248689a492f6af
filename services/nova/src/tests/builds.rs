use serde_json::json;

use crate::testing::Cloud;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_built_shown_and_deleted_without_a_trace() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let (host, spec, _) = cloud.hosts.machine(&id).unwrap();
    assert_eq!(host, "h1");
    assert_eq!((spec.vcpus, spec.memory_mib, spec.disks.len(), spec.nics.len()), (1, 512, 1, 1));
    assert_eq!(cloud.placement.allocation(&id).unwrap()["MEMORY_MB"], 512);

    let shown = cloud.client("member").get(&format!("/v2.1/servers/{id}")).await.json["server"].clone();
    assert_eq!(shown["addresses"]["net"][0]["addr"], "10.0.0.10");
    assert_eq!(shown["security_groups"], json!([{"name": "default"}]));
    assert_eq!(shown["flavor"]["id"], "1");
    assert!(shown.get("OS-EXT-SRV-ATTR:host").is_none());

    let listed = cloud.client("member").get("/v2.1/servers/detail?name=on&status=ACTIVE").await;
    assert_eq!(listed.json["servers"][0]["id"], json!(id));

    assert_eq!(cloud.client("member").delete(&format!("/v2.1/servers/{id}")).await.status, 204);
    cloud.gone(&id).await;
    assert_eq!((cloud.hosts.machines(), cloud.placement.allocations()), (0, 0));
    assert!(cloud.networks.ports().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_project_is_not_there() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let path = format!("/v2.1/servers/{id}");
    let missing = format!("Instance {id} could not be found.");
    for answer in [cloud.client("stranger").get(&path).await, cloud.client("stranger").delete(&path).await] {
        assert_eq!(answer.status, 404);
        assert_eq!(answer.json["itemNotFound"]["message"], json!(missing));
    }
    assert_eq!(cloud.client("reader").delete(&path).await.status, 403);
    assert_eq!(cloud.client("").get(&path).await.status, 401);
    let others = cloud.client("stranger").get("/v2.1/servers").await;
    assert_eq!(others.json, json!({"servers": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_stopped_and_started() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    assert_eq!(cloud.act("member", &id, json!({"os-stop": null})).await.status, 202);
    let stopped = cloud.wait(&id, "SHUTOFF").await;
    assert_eq!(stopped["OS-EXT-STS:power_state"], 4);
    let again = cloud.act("member", &id, json!({"os-stop": null})).await;
    assert_eq!(again.status, 409);
    assert_eq!(
        again.json["conflictingRequest"]["message"],
        json!(format!("Cannot 'stop' instance {id} while it is in vm_state stopped"))
    );
    assert_eq!(cloud.act("member", &id, json!({"os-start": null})).await.status, 202);
    cloud.wait(&id, "ACTIVE").await;
}
