use super::*;

#[tokio::test]
async fn users_note_what_they_like_beside_a_secret() {
    let member = member().await;
    let path = format!("{}/metadata", secret(&member, json!({})).await);
    assert_eq!(member.get(&path).await.json, json!({"metadata": {}}));
    let put = member.put(&path, json!({"metadata": {"Where": "here", "when": "now"}})).await;
    assert_eq!(put.status, 201);
    assert!(put.json["metadata_ref"].as_str().unwrap().ends_with(&path));
    assert_eq!(member.get(&path).await.json, json!({"metadata": {"where": "here", "when": "now"}}));

    let made = member.post(&path, json!({"key": "who", "value": "me"})).await;
    assert_eq!(made.status, 201);
    fault(&member.post(&path, json!({"key": "who", "value": "you"})).await, 409);
    let one = format!("{path}/who");
    assert_eq!(member.get(&one).await.json, json!({"key": "who", "value": "me"}));
    assert_eq!(member.put(&one, json!({"key": "who", "value": "you"})).await.json["value"], "you");
    fault(&member.put(&one, json!({"key": "where", "value": "x"})).await, 409);
    assert_eq!(member.delete(&one).await.status, 204);
    for gone in [member.get(&one).await, member.delete(&one).await] {
        fault(&gone, 404);
    }
    fault(&member.put(&one, json!({"key": "who", "value": "x"})).await, 404);
    for body in [json!({"metadata": {"a b": "x"}}), json!({"metadata": {"a": 1}}), json!({})] {
        fault(&member.put(&path, body).await, 400);
    }
}
