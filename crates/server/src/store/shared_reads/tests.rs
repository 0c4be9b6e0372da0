use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use tokio::task::JoinSet;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::OrganizationId;

use super::*;
use crate::store::Store;
use crate::store::fixtures::{NOW, apply, creation, organization, store};

/// Writes a session of an organization, and says how it is shown.
async fn written(store: &Store, organization: OrganizationId) -> ShownSession {
    let creation = creation(organization, NOW);
    let (link, key) = (creation.link.clone(), creation.data_key.clone());
    let shown = ShownSession::of(creation.session.clone(), Some(&link), Some(key));
    store.write(creation).await.unwrap();
    shown
}

const fn which(shown: &ShownSession) -> Which {
    (shown.organization, shown.environment, shown.id)
}

/// Asks for all of these while every connection is taken, so that they wait together; answers come in their order.
async fn asked_together(
    store: &Store,
    all: &[Which],
) -> Vec<Result<Option<ShownSession>, StoreError>> {
    let mut taken = Vec::new();
    for _ in 0..store.readers.options().get_max_connections() {
        taken.push(store.readers.acquire().await.unwrap());
    }
    let mut asked = JoinSet::new();
    for (number, which) in all.iter().copied().enumerate() {
        let reads = store.shared_reads.clone();
        asked.spawn(async move { (number, reads.find(which).await) });
    }
    // The first ones have the turns.
    let turns = store.shared_reads.0.turns;
    while store.shared_reads.0.queue().waiting.len() + turns < all.len() {
        tokio::task::yield_now().await;
    }
    drop(taken);
    let mut answers = asked.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[tokio::test]
async fn each_is_given_its_own_session_and_none_of_another_organization() {
    let folder = tempfile::tempdir().unwrap();
    let (store, one) = store(folder.path()).await;
    let other = organization(&store).await;
    let (mut all, mut expected) = (Vec::new(), Vec::new());
    for number in 0..60 {
        let (own, foreign) = if number % 2 == 0 {
            (one, other)
        } else {
            (other, one)
        };
        let shown = written(&store, own).await;
        all.push((foreign, shown.environment, shown.id));
        expected.push(Ok(None));
        all.push((own, Environment::Sandbox, shown.id));
        expected.push(Ok(None));
        // Asked for twice at once.
        all.extend([which(&shown); 2]);
        expected.extend([Ok(Some(shown.clone())), Ok(Some(shown))]);
    }
    assert_eq!(asked_together(&store, &all).await, expected);
}

#[tokio::test]
async fn those_that_wait_share_a_query() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    let shown = written(&store, organization).await;
    let all = [which(&shown); 8 * TOGETHER];
    let answers = asked_together(&store, &all).await;
    assert_eq!(answers, vec![Ok(Some(shown)); all.len()]);
    let mut registry = Registry::default();
    store.metrics().register(&mut registry);
    let mut page = String::new();
    text::encode(&mut page, &registry).unwrap();
    let found = |name: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse::<f64>().unwrap()
    };
    assert!((found("store_query_reads_sum") - 256.0).abs() < 0.1);
    // The first turns may have begun before the others were there.
    let turns = u32::try_from(store.shared_reads.0.turns).unwrap();
    let queries = found("store_query_reads_count");
    assert!(queries <= f64::from(8 + turns), "{queries}");
}

#[tokio::test]
async fn what_was_answered_before_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    let others = written(&store, organization).await;
    let (stop, reads) = (Arc::new(()), store.shared_reads.clone());
    let load = Arc::downgrade(&stop);
    let readers = tokio::spawn(async move {
        while load.strong_count() > 0 {
            let mut asked = JoinSet::new();
            for _ in 0..8 {
                let (reads, which) = (reads.clone(), which(&others));
                asked.spawn(async move { reads.find(which).await });
            }
            asked.join_all().await;
        }
    });
    for _ in 0..50 {
        let shown = written(&store, organization).await;
        let found = store.shared_reads.find(which(&shown)).await;
        assert_eq!(found, Ok(Some(shown)));
    }
    drop(stop);
    readers.await.unwrap();
}

#[tokio::test]
async fn a_row_that_cannot_be_read_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    let (good, bad) = (
        written(&store, organization).await,
        written(&store, organization).await,
    );
    let id = bad.id.to_string();
    let spoil = apply(move |conn| {
        Box::pin(async move {
            sqlx::query("UPDATE sessions SET tags = 'none' WHERE session_id = $1")
                .bind(id)
                .execute(conn)
                .await?;
            Ok(())
        })
    });
    store.write(spoil).await.unwrap();
    let answers = asked_together(&store, &[which(&bad), which(&good), which(&bad)]).await;
    let refused = Err(StoreError::Corrupt("tags"));
    assert_eq!(answers, [refused.clone(), Ok(Some(good)), refused]);
}

#[tokio::test]
async fn all_are_told_that_the_database_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    let shown = written(&store, organization).await;
    let (reads, which) = (store.shared_reads.clone(), which(&shown));
    store.close().await;
    let mut asked = JoinSet::new();
    for _ in 0..5 {
        let reads = reads.clone();
        asked.spawn(async move { reads.find(which).await });
    }
    for answer in asked.join_all().await {
        assert!(
            matches!(answer, Err(StoreError::Unavailable(_))),
            "{answer:?}"
        );
    }
}

/// Asks for a session by a turn that is not free, and waits until it is asked for.
async fn waiting(
    reads: &SharedReads,
    which: Which,
) -> tokio::task::JoinHandle<Result<Option<ShownSession>, StoreError>> {
    let asking = reads.clone();
    let asked = tokio::spawn(async move { asking.find(which).await });
    while reads.0.queue().waiting.is_empty() {
        tokio::task::yield_now().await;
    }
    asked
}

#[tokio::test]
async fn a_turn_that_ends_before_its_time_hands_on_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    let shown = written(&store, organization).await;
    let reads = store.shared_reads.clone();
    reads.0.queue().running = reads.0.turns;
    let turn = Turn {
        shared: Arc::clone(&reads.0),
        has_begun: true,
    };
    let waits = waiting(&reads, which(&shown)).await;
    drop(turn);
    assert_eq!(waits.await.unwrap(), Ok(Some(shown)));
}

#[tokio::test]
async fn a_turn_that_never_begins_leaves_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    let shown = written(&store, organization).await;
    let reads = store.shared_reads.clone();
    reads.0.queue().running = reads.0.turns;
    let turn = Turn::new(&reads.0);
    let waits = waiting(&reads, which(&shown)).await;
    drop(turn);
    assert_eq!(waits.await.unwrap(), Err(stopped()));
    assert_eq!(reads.find(which(&shown)).await, Ok(Some(shown)));
}
