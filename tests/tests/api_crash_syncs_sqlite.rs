//! What a power cut leaves, seen from the system calls: an answer leaves only after SQLite's log was synchronised. For Linux
//! with `strace`.

use serde_json::json;
use vouchkey_tests::program::Installation;
use vouchkey_tests::trace::Trace;
use vouchkey_tests::wait;

/// Sessions that are created, one after another.
const CREATED: usize = 20;

#[tokio::test]
async fn no_creation_is_answered_before_it_is_on_the_disk() {
    let installation = Installation::new().await;
    let file = installation.folder().join("trace");
    let words = Trace::words(&file);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let key = installation.key("sandbox", &[]).await;
    let installation = installation.beneath(&words);
    let server = installation.serve().await;
    let api = server.api(&key);
    for number in 0..CREATED {
        let body = json!({"external_ref": number.to_string()});
        let call = api.creation(&body).once(&number.to_string());
        call.send().await.expect_status(201);
    }
    assert_eq!(server.stop().await, Some(0));
    let trace = wait::until("the end of the trace", async || {
        let trace = Trace::read(&file);
        trace.has_ended().then_some(trace)
    })
    .await;
    let answered = trace.answers();
    assert_eq!(answered.len(), CREATED, "{trace:?}");
    assert!(answered.iter().all(|is_safe| *is_safe), "{answered:?}");
    // The look itself: without the calls that synchronise, none is.
    let answered = trace.without_syncs().answers();
    assert_eq!(answered, [false; CREATED]);
}
