//! What is given from memory is what the database holds, whoever has changed it.

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use sqlx::{AnyConnection, Connection as _};
use vouchkey_types::id::OrganizationId;

use super::*;
use crate::clock::{Clock, NewId};
use crate::store::create_session::CreateSession;
use crate::store::fixtures::{NOW, apply, creation, store};
use crate::store::redact_session::{RedactSession, Redacted};
use crate::store::shown_session::ShownSession;
use crate::store::upkeep::ExpireSessions;
use crate::store::{Engine, Store, StoreError};

struct Bed {
    folder: tempfile::TempDir,
    store: Store,
    organization: OrganizationId,
}

impl Bed {
    /// A store of sessions that are kept; none on PostgreSQL.
    async fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        (store.engine() == Engine::Sqlite).then_some(Self {
            folder,
            store,
            organization,
        })
    }

    async fn written(&self) -> Which {
        self.written_at(NOW).await
    }

    async fn written_at(&self, created_at: i64) -> Which {
        let creation = creation(self.organization, created_at);
        let which = which(&creation);
        self.store.write(creation).await.unwrap();
        which
    }

    async fn read(&self, which: Which) -> Option<Bytes> {
        self.read_at(which, Inflection::Snake, NOW).await
    }

    async fn read_at(&self, which: Which, inflection: Inflection, now: i64) -> Option<Bytes> {
        let write = |shown: &ShownSession| Ok::<_, StoreError>(text(shown, inflection, now));
        self.store
            .written_session(which, inflection, now, write)
            .await
            .unwrap()
    }

    /// Reads it, and says whether that was from memory.
    async fn is_from_memory(&self, which: Which) -> bool {
        self.is_from_memory_at(which, Inflection::Snake, NOW).await
    }

    async fn is_from_memory_at(&self, which: Which, inflection: Inflection, now: i64) -> bool {
        let before = from_memory(&self.store);
        assert!(self.read_at(which, inflection, now).await.is_some());
        from_memory(&self.store) > before
    }

    async fn tags(&self, which: Which) -> Vec<String> {
        let text = self.read(which).await.unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        let (_, tags) = text.split_once("; tags:").unwrap();
        tags.split_terminator(',').map(str::to_owned).collect()
    }

    /// The connection of another process.
    async fn other(&self) -> AnyConnection {
        let file = self.folder.path().join("vouchkey.db");
        AnyConnection::connect(&format!("sqlite://{}", file.display()))
            .await
            .unwrap()
    }
}

/// Stands for what is answered.
fn text(shown: &ShownSession, inflection: Inflection, now: i64) -> String {
    let link = shown.link.filter(|(_, expires_at)| now < *expires_at);
    format!(
        "{inflection:?}; {:?}; metadata: {}; link: {}; tags:{}",
        shown.status_at(now),
        shown.metadata.is_some(),
        link.is_some(),
        shown.tags.join(",")
    )
}

fn new_id<T: NewId>() -> T {
    Clock::fixed(NOW).id()
}

const fn which(creation: &CreateSession) -> Which {
    let session = &creation.session;
    (session.organization, session.environment, session.id)
}

fn from_memory(store: &Store) -> u64 {
    let mut registry = Registry::default();
    store.metrics().register(&mut registry);
    let mut page = String::new();
    text::encode(&mut page, &registry).unwrap();
    let count = page
        .lines()
        .find_map(|line| line.strip_prefix("store_memory_reads_total "));
    count.unwrap().parse().unwrap()
}

const TAGGED: &str = "UPDATE sessions SET tags = $2 WHERE session_id = $1";

async fn tag(conn: &mut AnyConnection, which: Which, tags: &str) {
    sqlx::query(TAGGED)
        .bind(which.2.to_string())
        .bind(tags)
        .execute(conn)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_session_is_read_once_while_nothing_changes() {
    let Some(bed) = Bed::new().await else { return };
    let which = bed.written().await;
    assert!(!bed.is_from_memory(which).await);
    assert!(bed.is_from_memory(which).await);
    let stored = bed.store.shared_reads.find(which).await.unwrap();
    let stored = stored.map(|shown| text(&shown, Inflection::Snake, NOW).into());
    assert_eq!(bed.read(which).await, stored);
}

#[tokio::test]
async fn what_the_clock_or_the_spelling_changes_is_written_again() {
    let Some(bed) = Bed::new().await else { return };
    let which = bed.written().await;
    let shown = bed.store.shared_reads.find(which).await.unwrap().unwrap();
    let end = shown.expires_at;
    let (_, link_ends) = shown.link.unwrap();
    let mut moments = vec![
        NOW,
        end - 1,
        end,
        end + 1,
        NOW,
        link_ends - 1,
        link_ends,
        end,
    ];
    moments.extend([i64::MIN, i64::MAX, NOW]);
    for now in moments {
        for inflection in [Inflection::Snake, Inflection::Camel] {
            for _ in 0..2 {
                let read = bed.read_at(which, inflection, now).await;
                assert_eq!(read, Some(text(&shown, inflection, now).into()), "{now}");
            }
        }
    }
    assert!(
        bed.is_from_memory_at(which, Inflection::Camel, end - 1)
            .await
    );
    assert!(
        !bed.is_from_memory_at(which, Inflection::Snake, end - 1)
            .await
    );
    assert!(!bed.is_from_memory_at(which, Inflection::Snake, end).await);
    assert!(
        bed.is_from_memory_at(which, Inflection::Snake, end + 1)
            .await
    );
}

#[tokio::test]
async fn what_cannot_be_written_is_not_kept() {
    let Some(bed) = Bed::new().await else { return };
    let which = bed.written().await;
    let fail = |_: &ShownSession| Err(StoreError::Corrupt("tags"));
    let failed = bed
        .store
        .written_session(which, Inflection::Snake, NOW, fail)
        .await;
    assert_eq!(failed, Err(StoreError::Corrupt("tags")));
    assert!(!bed.is_from_memory(which).await);
}

#[tokio::test]
async fn creations_leave_the_others_where_they_are() {
    let Some(bed) = Bed::new().await else { return };
    let which = bed.written().await;
    assert!(!bed.is_from_memory(which).await);
    bed.written().await;
    assert!(bed.is_from_memory(which).await);
}

#[tokio::test]
async fn after_many_changes_it_is_read_again_and_kept_with_the_next() {
    let Some(bed) = Bed::new().await else { return };
    let which = bed.written().await;
    bed.read(which).await;
    for _ in 0..=PATIENCE {
        bed.written().await;
    }
    assert!(!bed.is_from_memory(which).await);
    bed.written().await;
    assert!(bed.is_from_memory(which).await);
}

#[tokio::test]
async fn an_erased_session_is_shown_as_erased_at_once_and_others_stay() {
    let Some(bed) = Bed::new().await else { return };
    let (erased, other) = (bed.written().await, bed.written().await);
    bed.read(erased).await;
    bed.read(other).await;
    let (organization, environment, session) = erased;
    let redact = RedactSession {
        organization,
        environment,
        session,
        actor: "system".to_owned(),
        event: new_id(),
        note: new_id(),
        now: NOW,
    };
    assert_eq!(bed.store.write(redact).await, Ok(Redacted::Now));
    assert!(bed.is_from_memory(other).await);
    let shown = bed.read(erased).await.unwrap();
    let erased = b"metadata: false; link: false";
    assert!(shown.windows(erased.len()).any(|part| part == erased));
}

#[tokio::test]
async fn a_lapsed_session_is_shown_as_it_was_written() {
    let Some(bed) = Bed::new().await else { return };
    let (which, other) = (bed.written().await, bed.written_at(NOW + 1_000).await);
    bed.read(other).await;
    let before = bed.read(which).await.unwrap();
    let shown = bed.store.shared_reads.find(which).await.unwrap().unwrap();
    let expire = ExpireSessions {
        now: shown.expires_at + 1,
        events: vec![new_id()],
    };
    assert_eq!(bed.store.write(expire).await, Ok(vec![which]));
    assert!(bed.is_from_memory(other).await);
    let after = bed.read(which).await.unwrap();
    assert_ne!(before, after);
}

#[tokio::test]
async fn a_change_that_says_nothing_of_sessions_takes_all_out() {
    let Some(bed) = Bed::new().await else { return };
    let which = bed.written().await;
    bed.read(which).await;
    let change = apply(move |conn| {
        Box::pin(async move {
            tag(conn, which, r#"["mine"]"#).await;
            Ok(())
        })
    });
    bed.store.write(change).await.unwrap();
    assert_eq!(bed.tags(which).await, ["mine"]);
}

#[tokio::test]
async fn what_another_process_writes_is_seen_at_once() {
    let Some(bed) = Bed::new().await else { return };
    let mut other = bed.other().await;
    let which = bed.written().await;
    for round in 0..40 {
        bed.read(which).await;
        let tags = format!(r#"["round {round}"]"#);
        tag(&mut other, which, &tags).await;
        assert_eq!(bed.tags(which).await, [format!("round {round}")]);
        // With a change of our own behind it, sessions are kept again, and not what they were before.
        if round % 3 == 0 {
            bed.written().await;
            assert_eq!(bed.tags(which).await, [format!("round {round}")]);
            assert!(bed.is_from_memory(which).await);
        }
        // The log begins anew with the next change.
        if round % 5 == 0 {
            sqlx::query("PRAGMA wal_checkpoint(RESTART)")
                .execute(&mut other)
                .await
                .unwrap();
        }
    }
    let row: (i64,) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert_eq!(row.0, 0, "the log was not emptied");
    tag(&mut other, which, r#"["after"]"#).await;
    assert_eq!(bed.tags(which).await, ["after"]);
}

#[tokio::test]
async fn what_another_process_has_undone_is_not_seen() {
    let Some(bed) = Bed::new().await else { return };
    let mut other = bed.other().await;
    let which = bed.written().await;
    let before = bed.tags(which).await;
    // Pages that do not fit go into the log before anything is committed.
    sqlx::raw_sql("PRAGMA cache_size = 1; BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    tag(&mut other, which, r#"["undone"]"#).await;
    assert_eq!(bed.tags(which).await, before);
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(bed.tags(which).await, before);
}

/// Readers and writers beside each other, of this process and another one: nobody reads what is older than what was
/// answered before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_reads_an_older_state_than_was_answered() {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
    const ROUNDS: u64 = 300;
    let Some(bed) = Bed::new().await else { return };
    let which = bed.written().await;
    let bed = Arc::new(bed);
    let answered = Arc::new(AtomicU64::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let (bed, answered, is_over) = (Arc::clone(&bed), answered.clone(), is_over.clone());
        readers.spawn(async move {
            while !is_over.load(SeqCst) {
                let at_least = answered.load(SeqCst);
                let tags = bed.tags(which).await;
                let seen = tags.first().and_then(|tag| tag.parse::<u64>().ok());
                assert!(seen.unwrap_or(0) >= at_least, "{tags:?}, {at_least}");
                tokio::task::yield_now().await;
            }
        });
    }
    let mut other = bed.other().await;
    sqlx::raw_sql("PRAGMA busy_timeout = 20000")
        .execute(&mut other)
        .await
        .unwrap();
    for round in 1..=ROUNDS {
        let tags = format!(r#"["{round}"]"#);
        if round % 2 == 0 {
            tag(&mut other, which, &tags).await;
        } else {
            let change = apply(move |conn| {
                Box::pin(async move {
                    tag(conn, which, &tags).await;
                    Ok(())
                })
            });
            bed.store.write(change).await.unwrap();
        }
        answered.store(round, SeqCst);
        bed.written().await;
    }
    is_over.store(true, SeqCst);
    while let Some(reader) = readers.join_next().await {
        reader.unwrap();
    }
    assert!(from_memory(&bed.store) > 0);
}

#[test]
fn what_is_kept_is_bounded_and_the_least_lately_read_goes_first() {
    let mut state = State {
        end: None,
        version: None,
        sessions: LruCache::new_unbounded(),
        bytes: 0,
    };
    let organization = new_id::<OrganizationId>();
    let all: Vec<_> = (0..400)
        .map(|_| which(&creation(organization, NOW)))
        .collect();
    for which in &all {
        for length in [10, 60_000] {
            let written = Written {
                text: vec![0; length].into(),
                inflection: Inflection::Snake,
                steady: 0..1,
            };
            state.keep(*which, written);
        }
        assert!(state.bytes <= MOST);
        assert_eq!(
            state.bytes,
            state
                .sessions
                .iter()
                .map(|(_, written)| written.bytes())
                .sum::<usize>()
        );
    }
    let is_kept = |which: &Which| state.sessions.iter().any(|(kept, _)| kept == which);
    assert!(!is_kept(&all[0]) && is_kept(&all[399]) && state.sessions.len() > 250);
}

/// Another process writes a transaction that is larger than its memory: its pages stand in the log, where it ends, before
/// it is committed.
async fn reads_beside_a_transaction_that_is_in_the_log(begins_anew: bool) {
    let Some(bed) = Bed::new().await else { return };
    let which = bed.written().await;
    for _ in 0..40 {
        bed.written().await;
    }
    let (mut other, mut looking) = (bed.other().await, bed.other().await);
    if begins_anew {
        let mode = "PRAGMA wal_checkpoint(RESTART)";
        sqlx::query(mode).execute(&mut other).await.unwrap();
    }
    let log = bed.folder.path().join("vouchkey.db-wal");
    let before = std::fs::read(&log).unwrap();
    let large = format!(r#"["{}"]"#, "x".repeat(3_000));
    let begin = "PRAGMA cache_size = 1; BEGIN IMMEDIATE";
    sqlx::raw_sql(begin).execute(&mut other).await.unwrap();
    tag(&mut other, which, r#"["after"]"#).await;
    sqlx::query("UPDATE session_events SET detail = $1 WHERE session_id <> $2")
        .bind(&large)
        .bind(which.2.to_string())
        .execute(&mut other)
        .await
        .unwrap();
    assert_ne!(
        std::fs::read(&log).unwrap(),
        before,
        "nothing is in the log"
    );
    bed.store.lately_read.changed(&[], &mut looking).await;
    for _ in 0..2 {
        assert!(bed.tags(which).await.is_empty());
    }
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(bed.tags(which).await, ["after"]);
}

#[tokio::test]
async fn what_another_process_had_begun_is_seen_once_it_is_committed() {
    reads_beside_a_transaction_that_is_in_the_log(false).await;
}

#[tokio::test]
async fn what_another_process_had_begun_in_a_new_log_is_seen_once_it_is_committed() {
    reads_beside_a_transaction_that_is_in_the_log(true).await;
}
