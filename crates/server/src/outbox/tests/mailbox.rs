//! Without a mail server: what lands in the embedded mailbox, and what cannot.

use super::*;

#[tokio::test]
async fn without_a_server_an_invitation_lands_sealed_in_the_mailbox() {
    let bed = Bed::new().await;
    let (session, _) = bed.create(INVITED).await;
    assert_eq!(state(&bed, session).await, is("sent", 1, None));
    assert_eq!(kept(&bed, session).await, 1);
    assert_eq!(
        bed.timeline(session).await,
        ["session.created", "invitation.sent"]
    );
    work(&mut worker(&bed)).await;
    assert_eq!(kept(&bed, session).await, 1);
    bed.keeps_none_of(&["jane@example.com", "Jane Doe"]).await;
}

#[tokio::test]
async fn without_a_server_too_what_none_could_carry_is_given_up() {
    let bed = Bed::new().await;
    // The API takes it by the HTML standard's rule; RFC 5321 knows no local part of more than 64 octets.
    let (session, _) = bed
        .create(&INVITED.replace("jane@", &format!("{}@", "j".repeat(65))))
        .await;
    assert_eq!(state(&bed, session).await, is("pending", 0, None));
    work(&mut worker(&bed)).await;
    assert_eq!(
        state(&bed, session).await,
        is("dead", 1, Some("not_deliverable"))
    );
    assert_eq!(kept(&bed, session).await, 0);
}

#[tokio::test]
async fn what_waited_for_a_server_goes_into_the_mailbox_once_there_is_none() {
    let bed = Bed::waiting().await;
    let mut sessions = Vec::new();
    for reference in ["good", "ended", "broken"].into_iter().cycle().take(12) {
        let body = INVITED.replacen('{', &format!(r#"{{"external_ref": "{reference}", "#), 1);
        sessions.push((reference, bed.create(&body).await.0));
    }
    bed.execute("UPDATE sessions SET status = 'completed' WHERE external_ref = 'ended'")
        .await;
    // Bytes that are no sealed value.
    bed.execute(
        "UPDATE sessions SET applicant_email_sealed = (SELECT key_wrapped FROM data_keys \
         WHERE data_key_id = session_id) WHERE external_ref = 'broken'",
    )
    .await;
    bed.clock.advance(1);
    work(&mut mailbox_worker(&bed)).await;
    for (reference, session) in sessions {
        let (expected, note) = match reference {
            "good" => (is("sent", 1, None), "invitation.sent"),
            "ended" => (is("cancelled", 1, Some("ended")), "invitation.cancelled"),
            _ => (is("dead", 1, Some("unreadable")), "invitation.failed"),
        };
        assert_eq!(state(&bed, session).await, expected);
        let timeline = bed.timeline(session).await;
        assert_eq!(timeline[2..], [note.to_owned()]);
        assert_eq!(kept(&bed, session).await, i64::from(reference == "good"));
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_keeps_nobody_from_the_mailbox() {
    let bed = Bed::waiting().await;
    let (bad, _) = bed
        .create(&INVITED.replacen('{', r#"{"external_ref": "bad", "#, 1))
        .await;
    let (good, _) = bed.create(INVITED).await;
    bed.execute(
        "UPDATE capture_links SET link_id = 'x' WHERE session_id IN \
         (SELECT session_id FROM sessions WHERE external_ref = 'bad')",
    )
    .await;
    work(&mut mailbox_worker(&bed)).await;
    assert_eq!(state(&bed, good).await, is("sent", 1, None));
    assert_eq!(state(&bed, bad).await, is("pending", 1, Some("hindered")));
}

/// How many messages to a session's applicant the mailbox holds.
async fn kept(bed: &Bed, session: SessionId) -> i64 {
    use sqlx::Row as _;
    let count = bed.state.store.read(async |conn| {
        let row = sqlx::query("SELECT COUNT(*) FROM mailbox_messages WHERE session_id = $1")
            .bind(session.to_string())
            .fetch_one(conn)
            .await?;
        Ok(row.get(0))
    });
    count.await.unwrap()
}
