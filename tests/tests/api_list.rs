//! Lists of sessions: filters, pages by offset and by cursor, totals.

use serde_json::{Value, json};
use vouchkey_tests::api::{Api, SESSIONS};
use vouchkey_tests::database::Database;
use vouchkey_tests::program::Installation;

const IGNORED: &str = "vouchkey-ignored-fields";

async fn list(api: &Api, query: &str) -> Value {
    api.get(&format!("{SESSIONS}?{query}"))
        .await
        .expect_status(200)
        .json()
}

fn ids(list: &Value) -> Vec<String> {
    let data = list["data"].as_array().into_iter().flatten();
    data.map(|session| session["id"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Makes so many sessions and returns their ids, newest first.
async fn several(api: &Api, count: usize) -> Vec<String> {
    let mut made = Vec::new();
    for number in 0..count {
        let session = api
            .created(&json!({"external_ref": format!("ref-{number}")}))
            .await;
        made.push(session["id"].as_str().unwrap_or_default().to_owned());
    }
    made.reverse();
    made
}

#[tokio::test]
async fn an_empty_list_is_a_list() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let list = list(&api, "").await;
    assert_eq!(list["data"], json!([]));
    assert_eq!(list["pagination"]["total"], 0);
    assert_eq!(list["pagination"]["limit"], 50);
    assert_eq!(list["pagination"]["offset"], 0);
    assert_eq!(list["pagination"]["next_cursor"], Value::Null);
}

#[tokio::test]
async fn the_newest_come_first_and_look_as_if_they_were_read_one_by_one() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    // So many that several fall into one millisecond.
    let made = several(&api, 100).await;
    let list = list(&api, "limit=100").await;
    assert_eq!(ids(&list), made);
    assert_eq!(list["pagination"]["total"], 100);
    assert_eq!(list["data"][0], api.session(&json!(made[0])).await);
}

#[tokio::test]
async fn pages_by_offset_cover_everything_once() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let made = several(&api, 7).await;
    let mut seen = Vec::new();
    for offset in [0, 3, 6, 9] {
        let page = list(&api, &format!("limit=3&offset={offset}")).await;
        assert_eq!(page["pagination"]["total"], 7);
        assert_eq!(page["pagination"]["limit"], 3);
        assert_eq!(page["pagination"]["offset"], offset);
        seen.extend(ids(&page));
    }
    assert_eq!(seen, made);
}

#[tokio::test]
async fn pages_by_cursor_stay_stable_while_new_sessions_come() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let made = several(&api, 7).await;
    let mut seen = Vec::new();
    let mut query = "limit=3".to_owned();
    loop {
        let page = list(&api, &query).await;
        seen.extend(ids(&page));
        let Some(cursor) = page["pagination"]["next_cursor"].as_str() else {
            break;
        };
        query = format!("limit=3&cursor={cursor}");
        api.created(&json!({})).await;
    }
    assert_eq!(seen, made);
}

#[tokio::test]
async fn filters_find_by_reference_id_and_status() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let first = api.created(&json!({"external_ref": "User_10%"})).await;
    let second = api.created(&json!({"external_ref": "User_100"})).await;
    let third = api.created(&json!({"external_ref": "other"})).await;
    let id = |session: &Value| session["id"].as_str().unwrap_or_default().to_owned();

    assert_eq!(
        ids(&list(&api, "q=User_10").await),
        [id(&second), id(&first)]
    );
    assert_eq!(
        ids(&list(&api, "q=User_10%25").await),
        [id(&first)],
        "% is no wildcard"
    );
    assert!(
        ids(&list(&api, "q=user_10").await).is_empty(),
        "the case counts"
    );
    assert!(
        ids(&list(&api, "q=ser_10").await).is_empty(),
        "only the beginning"
    );
    assert_eq!(
        ids(&list(&api, &format!("q={}", id(&third))).await),
        [id(&third)]
    );
    assert!(
        ids(&list(&api, &format!("q={}", &id(&third)[..20])).await).is_empty(),
        "a whole id"
    );
    assert_eq!(
        ids(&list(&api, "external_ref=User_100").await),
        [id(&second)]
    );
    assert!(ids(&list(&api, "external_ref=User_10").await).is_empty());
    assert_eq!(
        ids(&list(&api, "status=pending&external_ref=other").await),
        [id(&third)]
    );
    assert!(ids(&list(&api, "status=completed").await).is_empty());
    let total = list(&api, "q=User&limit=1").await["pagination"]["total"].clone();
    assert_eq!(total, 2, "the total counts what the filter finds");
}

#[tokio::test]
async fn a_lapsed_session_is_expired_in_every_view() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let lapsed = api.created(&json!({"expires_in_minutes": 10})).await;
    let open = api.created(&json!({})).await;
    let mut database = Database::open(&installation).await;
    let id = lapsed["id"].as_str().unwrap_or_default();
    let past = format!("UPDATE sessions SET expires_at = created_at - 1 WHERE session_id = '{id}'");
    assert_eq!(database.execute(&past).await, 1);
    let past =
        format!("UPDATE capture_links SET expires_at = created_at - 1 WHERE session_id = '{id}'");
    assert_eq!(database.execute(&past).await, 1);

    let session = api.session(&lapsed["id"]).await;
    assert_eq!(session["status"], "expired");
    assert_eq!(session["capture_url"], Value::Null);
    assert_eq!(ids(&list(&api, "status=expired").await), [id]);
    let pending = list(&api, "status=pending").await;
    assert_eq!(ids(&pending), [open["id"].as_str().unwrap_or_default()]);
    assert_eq!(pending["pagination"]["total"], 1);
}

#[tokio::test]
async fn bad_queries_are_refused_with_the_parameter() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let cases: [(&str, &[(&str, &str)]); 10] = [
        ("limit=0", &[("limit", "out_of_range")]),
        ("limit=101", &[("limit", "out_of_range")]),
        ("limit=ten", &[("limit", "wrong_type")]),
        ("limit=1.5", &[("limit", "wrong_type")]),
        ("offset=-1", &[("offset", "out_of_range")]),
        ("offset=x", &[("offset", "wrong_type")]),
        ("status=done", &[("status", "unknown_value")]),
        (
            "limit=0&offset=-1&status=done",
            &[
                ("status", "unknown_value"),
                ("limit", "out_of_range"),
                ("offset", "out_of_range"),
            ],
        ),
        ("cursor=nonsense", &[("cursor", "wrong_type")]),
        ("limit=0&limit=5", &[("limit", "duplicate_field")]),
    ];
    for (query, expected) in cases {
        let answer = api.get(&format!("{SESSIONS}?{query}")).await;
        let mut found = answer
            .clone()
            .expect_error(422, "validation_failed")
            .errors();
        let mut expected: Vec<_> = expected
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{query}: {}", answer.text);
    }
    several(&api, 2).await;
    let cursor = list(&api, "limit=1").await["pagination"]["next_cursor"].clone();
    let both = format!(
        "{SESSIONS}?offset=1&cursor={}",
        cursor.as_str().unwrap_or_default()
    );
    api.get(&both)
        .await
        .expect_errors(&[("cursor", "not_allowed")]);
}

#[tokio::test]
async fn an_empty_filter_shows_nobody_anothers_link() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    several(&api, 1).await;
    for name in [
        "external_ref",
        "externalRef",
        "q",
        "status",
        "cursor",
        "limit",
        "offset",
    ] {
        for query in [format!("{name}=&limits=1"), format!("{name}&limits=1")] {
            let refused = api.get(&format!("{SESSIONS}?{query}")).await;
            let field = name.replace('R', "_r");
            refused.expect_errors(&[(&field, "empty")]);
        }
    }
    let refused = api.get(&format!("{SESSIONS}?external_ref=%FF")).await;
    refused.expect_errors(&[("external_ref", "invalid_characters")]);
}

#[tokio::test]
async fn parameters_are_understood_in_three_spellings() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    several(&api, 3).await;
    for name in ["external_ref", "external-ref", "externalRef"] {
        assert_eq!(ids(&list(&api, &format!("{name}=ref-1")).await).len(), 1);
    }
    let twice = format!("{SESSIONS}?external_ref=a&externalRef=a");
    api.get(&twice)
        .await
        .expect_errors(&[("external_ref", "duplicate_field")]);
    for name in ["dry_run", "dry-run", "dryRun"] {
        let path = format!("{SESSIONS}?{name}=true");
        let answer = api.call("POST", &path).json(&json!({})).send().await;
        assert_eq!(answer.expect_status(200).header(IGNORED), None, "{name}");
    }
    assert_eq!(api.count().await, 3, "a dry run makes nothing");
}

#[tokio::test]
async fn a_mistyped_filter_is_named_and_refused_when_asked_to_be_strict() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let path = format!("{SESSIONS}?stauts=pending&limit=5&a%20b=1&stauts=expired");
    let answer = api.get(&path).await.expect_status(200);
    assert_eq!(answer.header(IGNORED), Some("stauts,a%20b"));
    assert_eq!(answer.header("preference-applied"), None);
    let known = api.get(&format!("{SESSIONS}?status=pending")).await;
    assert_eq!(known.expect_status(200).header(IGNORED), None);

    let strict = |query: &str| {
        api.call("GET", &format!("{SESSIONS}?{query}"))
            .header("Prefer", "handling=strict")
    };
    let refused = strict("stauts=pending&limit=0").send().await;
    let refused = refused.expect_errors(&[("limit", "out_of_range"), ("stauts", "unknown_field")]);
    assert_eq!(
        refused.header("preference-applied"),
        Some("handling=strict")
    );
    assert_eq!(refused.header(IGNORED), Some("stauts"));
    let message = refused.json()["errors"][1]["message"].to_string();
    assert!(message.contains("`status`"), "{message}");
    strict("status=pending").send().await.expect_status(200);
}
