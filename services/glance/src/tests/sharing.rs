use serde_json::json;
use uuid::Uuid;

use super::*;

async fn sees(lab: &Lab, token: &str, id: &str) -> (bool, bool) {
    let client = lab.as_(token);
    let shown = client.get(&format!("/v2/images/{id}")).await.status == 200;
    let list = client.get("/v2/images").await.json;
    let listed = list["images"].as_array().unwrap().iter().any(|image| image["id"] == id);
    (shown, listed)
}

#[tokio::test]
async fn visibility_decides_who_sees_an_image() {
    let lab = Lab::new().await;
    let private = lab.queued(json!({"visibility": "private"})).await;
    let shared = lab.queued(json!({"visibility": "shared"})).await;
    let community = lab.queued(json!({"visibility": "community"})).await;
    for id in [&private, &shared] {
        assert_eq!(sees(&lab, "member", id).await, (true, true));
        assert_eq!(sees(&lab, "stranger", id).await, (false, false));
        assert_eq!(sees(&lab, "admin", id).await, (true, true));
        for (method, path) in [
            (Method::DELETE, format!("/v2/images/{id}")),
            (Method::GET, format!("/v2/images/{id}/file")),
            (Method::GET, format!("/v2/images/{id}/members")),
            (Method::GET, format!("/v2/images/{id}/tasks")),
            (Method::POST, format!("/v2/images/{id}/actions/deactivate")),
            (Method::PUT, format!("/v2/images/{id}/tags/x")),
        ] {
            let answer = lab.as_("stranger").send(method, &path, None).await;
            assert_eq!(answer.status, 404, "{path}");
        }
        assert_eq!(patch(&lab.as_("stranger"), id, json!([])).await.status, 404);
        assert_eq!(octets(&lab.as_("stranger"), &format!("/v2/images/{id}/file"), vec![]).await.status, 404);
    }
    // The community's are found by who looks for them.
    assert_eq!(sees(&lab, "stranger", &community).await, (true, false));
    let found = lab.as_("stranger").get("/v2/images?visibility=community").await;
    assert_eq!(found.json["images"].as_array().unwrap().len(), 1);
    assert_eq!(lab.as_("stranger").delete(&format!("/v2/images/{community}")).await.status, 403);
}

#[tokio::test]
async fn only_administrators_make_images_public() {
    let lab = Lab::new().await;
    assert_eq!(lab.member().post("/v2/images", json!({"visibility": "public"})).await.status, 403);
    let made = lab.as_("admin").post("/v2/images", json!({"visibility": "public", "name": "p"})).await;
    assert_eq!(made.status, 201);
    let id = made.json["id"].as_str().unwrap();
    assert_eq!(sees(&lab, "stranger", id).await, (true, true));
    assert_eq!(lab.as_("stranger").delete(&format!("/v2/images/{id}")).await.status, 403);
    assert_eq!(lab.member().post("/v2/images", json!({"owner": "p2"})).await.status, 403);
    assert_eq!(lab.as_("admin").post("/v2/images", json!({"owner": "p2"})).await.json["owner"], "p2");
}

#[tokio::test]
async fn a_shared_image_is_offered_accepted_and_taken_back() {
    let lab = Lab::new().await;
    let id = lab.active(json!({})).await;
    let (members, one) = (format!("/v2/images/{id}/members"), format!("/v2/images/{id}/members/p2"));
    let owner = lab.member();
    let made = owner.post(&members, json!({"member": "p2"})).await;
    assert_eq!((made.status.as_u16(), &made.json["status"]), (200, &json!("pending")));
    assert_eq!(made.json["schema"], "/v2/schemas/member");
    assert_eq!(owner.post(&members, json!({"member": "p2"})).await.status, 409);
    assert_eq!(sees(&lab, "stranger", &id).await, (true, false));
    assert_eq!(
        lab.as_("stranger").get("/v2/images?member_status=pending").await.json["images"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // The owner offers, the member accepts.
    assert_eq!(owner.put(&one, json!({"status": "accepted"})).await.status, 403);
    let stranger = lab.as_("stranger");
    assert_eq!(stranger.put(&one, json!({"status": "maybe"})).await.status, 400);
    assert_eq!(stranger.put(&one, json!({})).await.status, 400);
    assert_eq!(stranger.put(&one, json!({"status": "accepted"})).await.json["status"], "accepted");
    assert_eq!(sees(&lab, "stranger", &id).await, (true, true));
    assert_eq!(stranger.get(&format!("/v2/images/{id}/file")).await.status, 200);
    assert_eq!(stranger.delete(&format!("/v2/images/{id}")).await.status, 403);
    assert_eq!(stranger.post(&members, json!({"member": "p3"})).await.status, 403);
    assert_eq!(stranger.delete(&one).await.status, 403);
    // A member sees itself only.
    assert_eq!(owner.post(&members, json!({"member": "p3"})).await.status, 200);
    assert_eq!(stranger.get(&members).await.json["members"].as_array().unwrap().len(), 1);
    assert_eq!(owner.get(&members).await.json["members"].as_array().unwrap().len(), 2);
    assert_eq!(stranger.get(&format!("{members}/p3")).await.status, 404);
    assert_eq!(stranger.put(&format!("{members}/p3"), json!({"status": "rejected"})).await.status, 404);
    assert_eq!(lab.as_("reader").get(&one).await.json["member_id"], "p2");
    assert_eq!(owner.delete(&one).await.status, 204);
    assert_eq!(owner.delete(&one).await.status, 404);
    assert_eq!(sees(&lab, "stranger", &id).await, (false, false));
}

#[tokio::test]
async fn only_shared_images_have_members() {
    let lab = Lab::new().await;
    let id = lab.queued(json!({"visibility": "private"})).await;
    let members = format!("/v2/images/{id}/members");
    assert_eq!(lab.member().post(&members, json!({"member": "p2"})).await.status, 403);
    assert_eq!(lab.member().get(&members).await.status, 403);
    let shared = lab.queued(json!({})).await;
    let members = format!("/v2/images/{shared}/members");
    for body in [json!({}), json!({"member": ""}), json!({"member": 5}), json!([])] {
        assert_eq!(lab.member().post(&members, body).await.status, 400);
    }
    let nowhere = format!("/v2/images/{}/members", Uuid::new_v4());
    assert_eq!(lab.member().post(&nowhere, json!({"member": "p2"})).await.status, 404);
}

#[tokio::test]
async fn an_image_is_shared_with_no_more_projects_than_it_may() {
    let lab = Lab::with(Config { members_per_image: 1, ..Config::default() }).await;
    let id = lab.queued(json!({})).await;
    let members = format!("/v2/images/{id}/members");
    assert_eq!(lab.member().post(&members, json!({"member": "p2"})).await.status, 200);
    assert_eq!(lab.member().post(&members, json!({"member": "p3"})).await.status, 413);
}
