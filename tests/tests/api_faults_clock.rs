//! A machine whose clock jumps, forwards and back. For Linux with `libfaketime`.

use vouchkey_tests::api::Api;
use vouchkey_tests::balancer::Port;
use vouchkey_tests::database::Database;
use vouchkey_tests::faketime::MachineClock;
use vouchkey_tests::program::Installation;
use vouchkey_tests::retrying::{self, Clients};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_stops_no_request_and_no_mail() {
    let clock = MachineClock::new();
    let port = Port::reserve();
    let mut installation = Installation::new().await.without_limits();
    let key = installation.key("sandbox", &[]).await;
    for (name, value) in clock.settings() {
        installation = installation.with(name, value);
    }
    let api = Api::new(&format!("http://{}", port.address())).with_key(&key.secret);
    let server = installation.serve_at(&port.address()).await;
    let mut clients = Clients::begin(&api, 4);
    // Less than the 24 hours for which keys are kept, from end to end.
    for hours in [0, 10, -10, 0, -10, 10, 0] {
        clock.jump_to(hours);
        clients.answer_more(20).await;
    }
    server.stranger().get("/readyz").await.expect_status(200);
    let made = clients.finish().await;
    let mut database = Database::open(&installation).await;
    let span = "SELECT (MAX(created_at) - MIN(created_at)) / 3600000 FROM sessions";
    assert_eq!(database.number(span).await, 20, "hours");
    retrying::nothing_is_lost(&api, &mut database, &made).await;
    assert!(!server.logs().contains("panicked"), "{}", server.logs());
}
