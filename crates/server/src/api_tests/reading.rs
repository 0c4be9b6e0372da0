use crate::store::session_events;
use vouchkey_types::id::SessionId;

use super::*;

fn ids(list: &Reply) -> Vec<String> {
    let data = list.body.get("data").and_then(Json::as_array).unwrap();
    data.iter()
        .map(|session| session.get("id").and_then(Json::as_str).unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_list_is_paged_by_offset_and_by_cursor() {
    let server = Server::start().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        server.clock.advance(1);
        made.insert(0, server.create("{}").await);
    }
    let first = server.get("/api/v1/sessions?limit=2").await;
    assert_eq!(ids(&first), made[..2]);
    let page = first.body.get("pagination").unwrap();
    assert_eq!(page.get("total").and_then(Json::as_i64), Some(5));
    assert_eq!(page.get("limit").and_then(Json::as_i64), Some(2));
    assert_eq!(page.get("offset").and_then(Json::as_i64), Some(0));
    let cursor = page.get("next_cursor").and_then(Json::as_str).unwrap();
    let second = server
        .get(&format!("/api/v1/sessions?limit=2&cursor={cursor}"))
        .await;
    assert_eq!(ids(&second), made[2..4]);
    let last = server.get("/api/v1/sessions?limit=2&offset=4").await;
    assert_eq!(ids(&last), made[4..]);
    assert_eq!(
        last.body.get("pagination").unwrap().get("next_cursor"),
        Some(&Json::Null)
    );
}

#[tokio::test]
async fn a_list_is_filtered() {
    let server = Server::start().await;
    let id = server.create(r#"{"external_ref":"user_1"}"#).await;
    server.create(r#"{"external_ref":"user_12"}"#).await;
    for (query, count) in [
        ("?q=user_1", 2),
        ("?q=User_1", 0),
        ("?external_ref=user_1", 1),
        ("?externalRef=user_1", 1),
        ("?external-ref=user_1", 1),
        ("?status=pending", 2),
        ("?status=expired", 0),
        (&format!("?q={id}"), 1),
    ] {
        assert_eq!(server.count(query).await, count, "{query}");
    }
    let wrong = server
        .get("/api/v1/sessions?limit=101&status=x&cursor=1&offset=2")
        .await;
    wrong.is_error(422, "validation_failed");
    assert_eq!(
        wrong.field_errors(),
        [
            "status unknown_value",
            "limit out_of_range",
            "cursor not_allowed"
        ]
    );
}

#[tokio::test]
async fn a_lapsed_session_is_expired_by_the_clock_and_then_written_once() {
    let server = Server::start().await;
    let id = server.create(r#"{"expires_in_minutes":10}"#).await;
    let path = format!("{SESSIONS}/{id}");
    server.clock.advance(10 * 60_000 - 1);
    assert_eq!(server.get(&path).await.text("status"), "pending");
    server.clock.advance(1);
    let lapsed = server.get(&path).await;
    assert_eq!(lapsed.text("status"), "expired");
    assert_eq!(lapsed.body.get("capture_url"), Some(&Json::Null));
    assert_eq!(
        (
            server.count("?status=expired").await,
            server.count("?status=pending").await
        ),
        (1, 0)
    );
    for _ in 0..2 {
        crate::upkeep::expire_sessions(&server.state).await.unwrap();
    }
    assert_eq!(server.get(&path).await.text("status"), "expired");
    let (organization, session) = (server.organization, SessionId::parse(&id).unwrap());
    let read = server
        .state
        .store
        .read(async |conn| session_events::list(conn, organization, session, 10).await);
    let events: Vec<_> = read
        .await
        .unwrap()
        .into_iter()
        .map(|event| (event.event, event.sequence))
        .collect();
    assert_eq!(
        events,
        [
            ("session.expired".to_owned(), Some(2)),
            ("session.created".to_owned(), Some(1))
        ]
    );
}

#[tokio::test]
async fn what_is_no_session_is_404() {
    let server = Server::start().await;
    for id in [
        "ses_1",
        "wfl_00000000000000000000000000",
        "ses_00000000000000000000000000",
    ] {
        server
            .get(&format!("{SESSIONS}/{id}"))
            .await
            .is_error(404, "not_found");
    }
}

#[tokio::test]
async fn the_root_leads_to_the_dashboard() {
    let server = Server::start().await;
    let reply = server.anonymous(Method::GET, "/").send().await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (StatusCode::SEE_OTHER, "/dashboard/")
    );
    server
        .anonymous(Method::GET, "/dashboard/missing.js")
        .send()
        .await
        .is_error(404, "not_found");
}
