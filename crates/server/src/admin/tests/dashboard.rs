//! What the dashboard shows to whom.

use axum::body::Body;
use http::Request;
use vouchkey_types::json::Json;

use super::{get, member, with_owner};

#[tokio::test]
async fn what_the_dashboard_shows_is_for_the_signed_in_of_the_organization() {
    let (bed, cookie) = with_owner().await;
    let body = r#"{"send_email": true, "applicant_email": "joe@example.com", "applicant_name": "Joe",
        "fields": {"name_last": "Doe"}, "redirect_url": "https://example.com/back"}"#;
    let (session, _) = bed.create(body).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let worker = tokio::spawn(crate::outbox::run(bed.state.clone(), stop.clone()));
    while !bed
        .timeline(session)
        .await
        .contains(&"invitation.sent".to_owned())
    {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    worker.await.unwrap();

    let detail = get(&bed, &format!("/admin/v1/sessions/{session}"), &cookie).await;
    assert_eq!(detail.status, 200, "{}", detail.text);
    let detail = detail.json();
    for (path, expected) in [
        (&["session", "id"][..], session.to_string().as_str()),
        (&["applicant", "email"], "joe@example.com"),
        (&["applicant", "name"], "Joe"),
        (&["invitation", "brand"], "Acme"),
        (&["invitation", "state"], "sent"),
        (&["fields", "name_last"], "Doe"),
        (&["redirect_url"], "https://example.com/back"),
        (&["created_by"], "backend"),
    ] {
        assert_eq!(member(&detail, path), Some(expected), "{path:?}");
    }

    let list = get(&bed, "/admin/v1/mailbox", &cookie).await.json();
    let message = &list.get("data").and_then(Json::as_array).unwrap()[0];
    assert_eq!(member(message, &["to"]), Some("joe@example.com"));
    let id = member(message, &["id"]).unwrap();
    let shown = get(&bed, &format!("/admin/v1/mailbox/{id}"), &cookie)
        .await
        .json();
    assert!(
        member(&shown, &["text"])
            .unwrap()
            .starts_with("Joe, please click")
    );
    let html = get(&bed, member(&shown, &["html_url"]).unwrap(), &cookie).await;
    assert!(html.text.contains(r#"src="data:image/png;base64,"#) && !html.text.contains("cid:"));
    assert!(
        html.header("content-security-policy")
            .contains("sandbox; frame-ancestors 'self'")
    );

    for path in [
        "/admin/v1/me".to_owned(),
        format!("/admin/v1/sessions/{session}"),
        "/admin/v1/mailbox".to_owned(),
        format!("/admin/v1/mailbox/{id}"),
        format!("/admin/v1/mailbox/{id}/html"),
    ] {
        assert_eq!(
            get(&bed, &path, "__Host-vouchkey=guess").await.status,
            401,
            "{path}"
        );
        assert_eq!(bed.get(&path).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn the_mailbox_is_paged_and_shows_one_environment() {
    let (bed, cookie) = with_owner().await;
    for n in 0..3 {
        bed.clock.advance(1_000);
        bed.create(&format!(
            r#"{{"send_email": true, "applicant_email": "a{n}@example.com"}}"#
        ))
        .await;
    }
    let stop = tokio_util::sync::CancellationToken::new();
    let worker = tokio::spawn(crate::outbox::run(bed.state.clone(), stop.clone()));
    let mut path = "/admin/v1/mailbox?limit=2".to_owned();
    let count = |json: &Json| {
        json.get("data")
            .and_then(Json::as_array)
            .map_or(0, <[Json]>::len)
    };
    while count(&get(&bed, "/admin/v1/mailbox", &cookie).await.json()) < 3 {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    worker.await.unwrap();
    let first = get(&bed, &path, &cookie).await.json();
    assert_eq!(count(&first), 2);
    path = format!(
        "{path}&cursor={}",
        member(&first, &["pagination", "next_cursor"]).unwrap()
    );
    let second = get(&bed, &path, &cookie).await.json();
    assert_eq!(
        (
            count(&second),
            member(&second, &["pagination", "next_cursor"])
        ),
        (1, None)
    );
    for query in ["limit=0", "limit=101", "limit=x", "cursor=x"] {
        assert_eq!(
            get(&bed, &format!("/admin/v1/mailbox?{query}"), &cookie)
                .await
                .status,
            422,
            "{query}"
        );
    }
    let live = Request::get("/admin/v1/mailbox")
        .header("cookie", &cookie)
        .header("vouchkey-environment", "live");
    let live = bed.send(live.body(Body::empty()).unwrap()).await;
    assert_eq!(count(&live.json()), 0);
}
