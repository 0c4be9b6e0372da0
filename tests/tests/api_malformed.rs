//! What a body gets that is no JSON, or says a thing twice.

use vouchkey_tests::api::{Answer, Api, SESSIONS};
use vouchkey_tests::program::Installation;

async fn malformed(api: &Api, body: impl Into<Vec<u8>>) -> Answer {
    let answer = api.call("POST", SESSIONS).text(body.into()).send().await;
    answer.expect_error(400, "invalid_json")
}

#[tokio::test]
async fn broken_json_is_refused_with_the_place() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;

    let answer = malformed(&api, "{\n  \"country\": \"US\",\n  \"checks\": [,]\n}").await;
    let detail = answer.json()["detail"].to_string();
    assert!(
        detail.contains("line 3") && detail.contains("column 14"),
        "{detail}"
    );

    for body in [
        "{",
        "nul",
        "{\"a\":1}x",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":1e999}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\u{1}\"}",
        "\u{feff}{}",
        "{\"a\":NaN}",
    ] {
        malformed(&api, body).await;
    }
    malformed(&api, b"{\"a\":\"\xff\"}".as_slice()).await;
    let deep = format!(
        "{{\"metadata\":{{\"a\":{}1{}}}}}",
        "[".repeat(31),
        "]".repeat(31)
    );
    malformed(&api, deep).await;
    let fits = format!(
        "{{\"metadata\":{{\"a\":{}1{}}}}}",
        "[".repeat(30),
        "]".repeat(30)
    );
    api.call("POST", SESSIONS)
        .text(fits)
        .send()
        .await
        .expect_status(201);
}

#[tokio::test]
async fn the_same_key_twice_is_refused_together_with_everything_else() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let send = async |body: &'static str| api.call("POST", SESSIONS).text(body).send().await;
    send(r#"{"country":"US","country":"DE","expires_in_minutes":9}"#)
        .await
        .expect_errors(&[
            ("country", "duplicate_field"),
            ("expires_in_minutes", "out_of_range"),
        ]);
    send(r#"{"external_ref":"a","externalRef":"a"}"#)
        .await
        .expect_errors(&[("external_ref", "duplicate_field")]);
    send(r#"{"fields":{"name_first":"a","name-first":"a"}}"#)
        .await
        .expect_errors(&[("fields.name_first", "duplicate_field")]);
    send(r#"{"fields":{"name_first":"a","first_name":"a"}}"#)
        .await
        .expect_errors(&[("fields.name_first", "duplicate_field")]);
    send(r#"{"metadata":{"a":1,"a":2}}"#)
        .await
        .expect_errors(&[("metadata.a", "duplicate_field")]);
}
