use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tracing::span::Id;
use tracing_subscriber::layer::{self, Layer, SubscriberExt};

use super::*;

/// Notes that some span has ended.
struct Ends(Arc<AtomicBool>);

impl<S: tracing::Subscriber> Layer<S> for Ends {
    fn on_close(&self, _: Id, _: layer::Context<'_, S>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Who waits for an outcome: keeps what had happened when it was told.
struct Waiting {
    has_ended: Arc<AtomicBool>,
    had_ended: AtomicBool,
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.had_ended
            .store(self.has_ended.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// Succeeds.
struct Nothing;

impl Change for Nothing {
    type Outcome = ();

    async fn apply(self, _: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        Ok(())
    }
}

#[test]
fn the_last_stage_of_a_change_has_ended_when_its_outcome_is_told() {
    let has_ended = Arc::new(AtomicBool::new(false));
    let traces = tracing_subscriber::registry().with(Ends(Arc::clone(&has_ended)));
    let waiting = Arc::new(Waiting {
        has_ended: Arc::clone(&has_ended),
        had_ended: AtomicBool::new(false),
    });
    tracing::subscriber::with_default(traces, || {
        let (reply, mut outcome) = oneshot::channel();
        let job = Box::new(Pending::new(Nothing, reply));
        let waker = Waker::from(Arc::clone(&waiting));
        let asking = Pin::new(&mut outcome).poll(&mut Context::from_waker(&waker));
        assert!(matches!(asking, Poll::Pending));
        assert!(!has_ended.load(Ordering::Relaxed));

        job.answer(Ok(()));
    });
    assert!(waiting.had_ended.load(Ordering::Relaxed));
}
