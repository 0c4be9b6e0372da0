//! The hosted pages in every state, also those that no endpoint makes yet.

use axum::body::Body;
use http::Request;

use super::*;
use crate::test_bed::{Bed, Reply};

async fn start(bed: &Bed, token: &str) -> Reply {
    bed.send(
        Request::post(format!("/verify/{token}/start"))
            .body(Body::empty())
            .unwrap(),
    )
    .await
}

fn is_guarded(reply: &Reply) {
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    assert_eq!(reply.header("x-robots-tag"), "noindex, nofollow");
    assert!(
        reply
            .header("content-security-policy")
            .starts_with("default-src 'none'; ")
    );
}

#[tokio::test]
async fn a_live_link_says_who_asks_what_for_how_long_until_when_and_what_happens_with_the_data() {
    let bed = Bed::new().await;
    let body = r#"{"send_email": true, "applicant_email": "jane@example.com", "applicant_name": "Jane Doe",
        "email_display_name": "Acme Pay", "support_url": "https://pay.example.com/help",
        "fields": {"name_last": "Secretname"}, "metadata": {"note": "Secretnote"}, "external_ref": "Secretref"}"#;
    let (_, token) = bed.create(body).await;
    let reply = bed.get(&format!("/verify/{token}")).await;
    assert_eq!(reply.status, 200);
    is_guarded(&reply);
    for shown in [
        "Acme Pay",
        "Acme Holdings Ltd",
        "About 3 minutes",
        "2 February 2026, 12:00 UTC</time>, 24 hours from now",
        "Nothing is collected until you start",
        "cannot take documents or photos so far",
        r#"href="https://pay.example.com/help""#,
        "<strong>Sandbox.</strong>",
        &format!(r#"action="/verify/{token}/start"><button type="submit">Start</button>"#),
    ] {
        assert!(reply.text.contains(shown), "{shown}");
    }
    for hidden in [
        "Secret",
        "jane@example.com",
        "Jane Doe",
        "<script",
        "http://",
    ] {
        assert!(!reply.text.contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn only_the_organizations_origins_may_embed_and_the_style_is_the_pages_own() {
    let bed = Bed::new().await;
    let (_, token) = bed.create("{}").await;
    let policy = bed
        .get(&format!("/verify/{token}"))
        .await
        .header("content-security-policy")
        .to_owned();
    assert!(
        policy.ends_with("frame-ancestors https://app.example.com"),
        "{policy}"
    );
    assert!(
        policy.contains("style-src 'self' 'sha256-") && !policy.contains("unsafe"),
        "{policy}"
    );
    bed.execute("UPDATE organizations SET embed_origins = '[]'")
        .await;
    let policy = bed
        .get(&format!("/verify/{token}"))
        .await
        .header("content-security-policy")
        .to_owned();
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn the_organizations_colour_comes_as_a_style_sheet_of_its_own() {
    let bed = Bed::new().await;
    let (_, token) = bed.create("{}").await;
    let css = format!("/verify/{token}/brand.css");
    assert!(
        bed.get(&format!("/verify/{token}"))
            .await
            .text
            .contains(&css)
    );
    let reply = bed.get(&css).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("content-type")),
        (200, "text/css; charset=utf-8")
    );
    assert!(
        reply
            .text
            .contains("--button:#0a7d4f;--on-button:#ffffff;--edge:#0a7d4f"),
        "{}",
        reply.text
    );
    is_guarded(&reply);
    bed.execute("UPDATE organizations SET accent_colour = NULL")
        .await;
    assert!(
        !bed.get(&format!("/verify/{token}"))
            .await
            .text
            .contains("brand.css")
    );
}

#[tokio::test]
async fn each_state_has_its_page_and_status() {
    for (change, status, title) in [
        (
            "UPDATE capture_links SET revoked_at = 1",
            410,
            "This link no longer works",
        ),
        (
            "UPDATE capture_links SET consumed_at = 1",
            410,
            "Already started elsewhere",
        ),
        (
            "UPDATE capture_links SET expires_at = 1",
            410,
            "This link has expired",
        ),
        (
            "UPDATE sessions SET status = 'expired'",
            410,
            "This link has expired",
        ),
        (
            "UPDATE sessions SET status = 'processing'",
            200,
            "You are done",
        ),
        (
            "UPDATE sessions SET status = 'under_review'",
            200,
            "You are done",
        ),
        (
            "UPDATE sessions SET status = 'completed'",
            200,
            "You are done",
        ),
        ("UPDATE sessions SET status = 'failed'", 200, "You are done"),
        (
            "UPDATE data_keys SET key_wrapped = NULL, destroyed_at = 1",
            410,
            "This link no longer works",
        ),
    ] {
        let bed = Bed::new().await;
        let (_, token) = bed.create("{}").await;
        bed.execute(change).await;
        for reply in [
            bed.get(&format!("/verify/{token}")).await,
            start(&bed, &token).await,
        ] {
            // Words for every outcome, a refusal's as well.
            assert!(!reply.text.contains("handed in"), "{change}");
            let title = if reply.text.contains("not part of this version") {
                ""
            } else {
                title
            };
            assert_eq!(reply.status.as_u16(), status, "{change}");
            assert!(
                reply.text.contains(&format!("<h1>{title}")),
                "{change}: {}",
                reply.text
            );
            assert!(reply.text.contains("Acme Holdings Ltd"), "{change}");
            is_guarded(&reply);
            if status == 410 {
                assert!(
                    reply
                        .text
                        .contains(r#"<a href="https://example.com/support""#),
                    "{change}"
                );
                assert!(reply.text.contains("to have a new link sent"), "{change}");
            }
        }
    }
}

#[tokio::test]
async fn a_link_ends_by_the_clock() {
    let bed = Bed::new().await;
    let (_, token) = bed.create(r#"{"expires_in_minutes": 10}"#).await;
    bed.clock.advance(599_999);
    assert_eq!(bed.get(&format!("/verify/{token}")).await.status, 200);
    bed.clock.advance(1);
    assert_eq!(bed.get(&format!("/verify/{token}")).await.status, 410);
}

#[tokio::test]
async fn what_is_no_token_of_ours_is_unknown_and_tells_nothing_apart() {
    let bed = Bed::new().await;
    let (_, token) = bed.create("{}").await;
    let never_stored = bed.state.secrets.capture_token(bed.clock.id());
    let mut changed = token.clone();
    changed.replace_range(20..21, if &token[20..21] == "A" { "B" } else { "A" });
    let first = bed.get("/verify/x").await;
    for token in [never_stored.expose(), changed.as_str(), "..%2f", "%ff"] {
        for path in [
            format!("/verify/{token}"),
            format!("/verify/{token}/brand.css"),
        ] {
            let reply = bed.get(&path).await;
            assert_eq!(reply.status, 404, "{path}");
            assert_eq!(reply.text, first.text, "{path}");
        }
    }
    is_guarded(&first);
    assert!(
        first
            .header("content-security-policy")
            .ends_with("frame-ancestors 'none'")
    );
    assert!(!first.text.contains("Acme"));
}

#[tokio::test]
async fn opening_and_starting_change_nothing_but_the_timeline() {
    let bed = Bed::new().await;
    let (session, token) = bed.create("{}").await;
    for _ in 0..3 {
        bed.get(&format!("/verify/{token}")).await;
        bed.clock.advance(1);
        let reply = start(&bed, &token).await;
        assert_eq!(reply.status, 200);
        assert!(reply.text.contains("not part of this version yet"));
    }
    let head = Request::head(format!("/verify/{token}"))
        .body(Body::empty())
        .unwrap();
    let head = bed.send(head).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    bed.finish_tasks().await;
    assert_eq!(
        bed.timeline(session).await,
        ["session.created", "link.visited", "capture.started"]
    );
    let page = bed.get(&format!("/verify/{token}")).await;
    assert!(page.text.contains(">Start</button>"));
}

#[tokio::test]
async fn a_link_leaves_one_visit_a_minute_in_the_timeline() {
    let bed = Bed::new().await;
    let (session, token) = bed.create("{}").await;
    for _ in 0..3 {
        for _ in 0..20 {
            bed.get(&format!("/verify/{token}")).await;
        }
        bed.finish_tasks().await;
        bed.clock.advance(60_000);
    }
    let visits = bed
        .timeline(session)
        .await
        .iter()
        .filter(|event| *event == "link.visited")
        .count();
    assert_eq!(visits, 3);
}

#[tokio::test]
async fn another_server_notes_no_second_visit_in_the_same_minute() {
    let bed = Bed::new().await;
    let (session, token) = bed.create("{}").await;
    for _ in 0..2 {
        // Each has a memory of its own.
        let visits = Visits::default();
        let found = look_up(&bed.state, &token).await.unwrap().unwrap();
        visits.note(&bed.state, &found, Seen::Visit);
        bed.finish_tasks().await;
    }
    assert_eq!(
        bed.timeline(session).await,
        ["session.created", "link.visited"]
    );
}

#[tokio::test]
async fn while_the_database_cannot_answer_the_page_says_to_come_back() {
    let bed = Bed::new().await;
    let (_, token) = bed.create("{}").await;
    bed.state.store.close().await;
    let reply = bed.get(&format!("/verify/{token}")).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("retry-after")),
        (503, "1")
    );
    assert!(reply.text.contains("Please try again in a moment"));
    is_guarded(&reply);
}

#[tokio::test]
async fn a_restored_tab_of_the_start_leads_back_to_the_link() {
    let bed = Bed::new().await;
    let (_, token) = bed.create("{}").await;
    for token in [token.as_str(), "no%20token"] {
        let reply = bed.get(&format!("/verify/{token}/start")).await;
        assert_eq!(reply.status, 303);
        assert_eq!(reply.header("location"), format!("/verify/{token}"));
        is_guarded(&reply);
    }
    let put = Request::put(format!("/verify/{token}/start"));
    let reply = bed.send(put.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, 405);
}

#[tokio::test]
async fn everything_below_verify_is_a_page_that_keeps_its_address_to_itself() {
    let bed = Bed::new().await;
    let (_, token) = bed.create("{}").await;
    for path in [
        "/verify".to_owned(),
        "/verify/".to_owned(),
        format!("/verify/{token}/"),
        format!("/verify//{token}"),
        format!("/verify/{token}/y"),
        format!("/verify/{token}/start/z"),
        format!("/%76erify/{token}/"),
    ] {
        for accept in ["text/html,application/xhtml+xml", "application/json"] {
            let request = Request::get(&path).header("accept", accept);
            let reply = bed.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(reply.status, 404, "{path}");
            assert!(reply.text.contains("This link does not exist"), "{path}");
            is_guarded(&reply);
        }
    }
    for (method, path, allowed) in [
        ("POST", "", "GET,HEAD"),
        ("OPTIONS", "", "GET,HEAD"),
        ("PUT", "/start", "POST,GET,HEAD"),
        ("DELETE", "/brand.css", "GET,HEAD"),
    ] {
        let request = Request::builder().method(method);
        let request = request.uri(format!("/verify/{token}{path}"));
        let reply = bed.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, 405, "{method} {path}");
        assert_eq!(reply.header("allow"), allowed, "{method} {path}");
        assert!(reply.text.contains("<h1>This does not work here"));
        is_guarded(&reply);
    }
}
