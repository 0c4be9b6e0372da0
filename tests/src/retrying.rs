//! Clients that create sessions under idempotency keys while the server is killed beneath them: each key is sent until it
//! is answered, and whatever is answered for it must be the same for ever.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api::{Answer, Api};
use crate::database::Database;
use crate::wait;

/// How long a key may go without an answer: the server is started again in between.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long the outbox may take after the last kill: leases of a killed server run out within 50 s where others could
/// hold them, and then all that waits is still to be sent.
const DRAIN: Duration = Duration::from_mins(4);

/// How often something is done: what an environment variable says, else this often.
pub fn times(variable: &str, usually: u64) -> u64 {
    std::env::var(variable).map_or(usually, |number| {
        number.parse().expect("a number in the variable")
    })
}

/// Clients at work.
#[derive(Debug)]
pub struct Clients {
    working: JoinSet<Vec<Made>>,
    answered: Arc<AtomicU64>,
    stop: watch::Sender<bool>,
}

/// A session that was answered for a key.
#[derive(Clone, Debug)]
pub struct Made {
    /// The key, which is also the session's `external_ref`.
    pub key: String,
    /// The whole answer.
    pub session: Value,
}

impl Made {
    /// The session's id.
    pub fn id(&self) -> &str {
        self.session["id"].as_str().expect("a session has an id")
    }
}

impl Clients {
    /// Lets so many clients begin. Every second one sends two to four copies of each request at once.
    pub fn begin(api: &Api, count: usize) -> Self {
        let (stop, stopped) = watch::channel(false);
        let answered = Arc::new(AtomicU64::new(0));
        let mut working = JoinSet::new();
        for name in 0..count {
            let client = Client {
                api: api.clone(),
                name,
                answered: answered.clone(),
                stopped: stopped.clone(),
            };
            working.spawn(client.work());
        }
        Self {
            working,
            answered,
            stop,
        }
    }

    /// Waits until so many more keys have been answered.
    pub async fn answer_more(&mut self, count: u64) {
        let goal = self.answered.load(Ordering::SeqCst) + count;
        wait::until_within(PATIENCE, "more answers", async || {
            if let Some(ended) = self.working.try_join_next() {
                let made = ended.expect("a client met what no retry mends");
                panic!("a client ended by itself after {} keys", made.len());
            }
            (self.answered.load(Ordering::SeqCst) >= goal).then_some(())
        })
        .await;
    }

    /// Lets each end with an answer for the key that it is at; all that was answered.
    pub async fn finish(self) -> Vec<Made> {
        self.stop.send_replace(true);
        self.working.join_all().await.concat()
    }
}

struct Client {
    api: Api,
    name: usize,
    answered: Arc<AtomicU64>,
    stopped: watch::Receiver<bool>,
}

impl Client {
    async fn work(self) -> Vec<Made> {
        let mut made: Vec<Made> = Vec::new();
        while !*self.stopped.borrow() {
            let number = made.len();
            let copies = if self.name.is_multiple_of(2) {
                1
            } else {
                2 + number % 3
            };
            let key = format!("{}-{number}", self.name);
            let session = self.send(&key, number, copies, None).await;
            self.answered.fetch_add(1, Ordering::SeqCst);
            made.push(Made { key, session });
            if number % 4 == 3 {
                let earlier = &made[number * 7 % made.len()];
                let number = number * 7 % made.len();
                self.send(&earlier.key, number, 1, Some(&earlier.session))
                    .await;
            }
        }
        made
    }

    /// Sends a request until it is answered, so many copies at once. All answers are the same, and the known one if
    /// there is one.
    async fn send(&self, key: &str, number: usize, copies: usize, known: Option<&Value>) -> Value {
        let body = body(key, number);
        let began = Instant::now();
        loop {
            let mut sending = JoinSet::new();
            for _ in 0..copies {
                sending.spawn(self.api.creation(&body).once(key).try_send());
            }
            let sessions = sending.join_all().await.into_iter().filter_map(accepted);
            let sessions: Vec<Value> = sessions.collect();
            let first = known.or(sessions.first());
            for session in &sessions {
                assert_eq!(Some(session), first, "two answers for the key {key}");
            }
            if let Some(session) = sessions.into_iter().next() {
                return session;
            }
            assert!(began.elapsed() < PATIENCE, "{key} is never answered");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The request under a key; every second one invites by e-mail.
fn body(key: &str, number: usize) -> Value {
    json!({
        "external_ref": key,
        "metadata": {"number": number, "note": "x".repeat(200)},
        "send_email": mails(number),
        "applicant_email": address(key),
    })
}

const fn mails(number: usize) -> bool {
    number.is_multiple_of(2)
}

/// Whom the request under a key invites.
pub fn address(key: &str) -> String {
    format!("a{key}@example.com")
}

/// The session of an answer; none where the same request is to be sent again: the server is gone, another copy is under
/// way, or the database is away.
fn accepted(answer: Option<Answer>) -> Option<Value> {
    let answer = answer?;
    match answer.status {
        201 => Some(answer.json()),
        409 => {
            let answer = answer.expect_error(409, "idempotency_in_progress");
            answer.number("retry-after");
            None
        }
        503 => {
            let answer = answer.expect_error(503, "unavailable");
            answer.number("retry-after");
            None
        }
        _ => panic!("no retry mends this: {} {}", answer.status, answer.text),
    }
}

/// Checks, after all kills, that each key has the session that was answered and nothing was left half done: by asking
/// again, and by looking into the database. Returns the keys that invite.
pub async fn nothing_is_lost(api: &Api, database: &mut Database, made: &[Made]) -> Vec<String> {
    let mut mailed = Vec::new();
    let mut ids = HashMap::new();
    for one in made {
        let (_, number) = one.key.split_once('-').expect("a client and a number");
        let number = number.parse().expect("a number");
        let replay = api.creation(&body(&one.key, number)).once(&one.key).send();
        let replay = replay.await.expect_status(201);
        assert_eq!(replay.header("idempotency-replayed"), Some("true"));
        assert_eq!(replay.json(), one.session, "the key {}", one.key);
        assert_eq!(ids.insert(one.id().to_owned(), one.key.clone()), None);
        if mails(number) {
            mailed.push(one.key.clone());
        }
    }
    let stored = database
        .texts("SELECT session_id || ' ' || external_ref FROM sessions")
        .await;
    assert_eq!(stored.len(), made.len(), "sessions, and keys answered");
    for row in stored {
        let (id, key) = row.split_once(' ').expect("two words");
        assert_eq!(
            ids.get(id).map(String::as_str),
            Some(key),
            "a session of its key"
        );
    }
    outbox_is_drained(database).await;
    let count = i64::try_from(made.len()).expect("a small number");
    let invited = i64::try_from(mailed.len()).expect("a small number");
    for (what, expected) in [
        ("data_keys", count),
        ("capture_links", count),
        ("idempotency_keys", count),
        ("session_events WHERE event = 'session.created'", count),
        ("outbox", invited),
        ("outbox WHERE state = 'sent'", invited),
        ("session_events WHERE event = 'invitation.sent'", invited),
    ] {
        let found = database
            .number(&format!("SELECT COUNT(*) FROM {what}"))
            .await;
        assert_eq!(found, expected, "{what}");
    }
    database.is_intact().await;
    mailed
}

/// Waits until nothing is left to send.
pub async fn outbox_is_drained(database: &mut Database) {
    wait::until_within(DRAIN, "an empty outbox", async || {
        let open = "SELECT COUNT(*) FROM outbox WHERE state IN ('pending', 'leased')";
        (database.number(open).await == 0).then_some(())
    })
    .await;
}
