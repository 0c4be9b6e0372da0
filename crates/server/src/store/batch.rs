//! Changes that share a transaction: creations together, the rest one after another.

use std::collections::{HashSet, VecDeque};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::Instant;

use sqlx::AnyConnection;

use super::StoreError;
use super::create_session;
use super::engine::{Engine, Transaction};
use super::writer::{Applying, Job};
use crate::metrics::StoreMetrics;

/// Changes, and how far each has come.
pub(super) struct Batch {
    /// Not tried yet, or to be tried again.
    waiting: VecDeque<Box<dyn Job>>,
    /// Applied, to be answered after the commit.
    pub(super) applied: Vec<Box<dyn Job>>,
    /// What would have to wait for another server while others wait for it: for a transaction of its own.
    pub(super) alone: Vec<Box<dyn Job>>,
    /// Whether the database refused a change for now: its connection may be the reason.
    pub(super) met_trouble: bool,
    /// Whether creations are applied together. Not after that has failed.
    together: bool,
    /// The one that is being tried.
    current: Option<Box<dyn Job>>,
    /// Whether the database was told to make durable what was applied.
    is_committing: bool,
}

/// How far a transaction came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It was committed, or nothing was left of it.
    Ended,
    /// It was rolled back before anything was answered; the same changes need another one.
    Again,
}

impl Batch {
    pub(super) fn of(mut jobs: Vec<Box<dyn Job>>) -> Self {
        for job in &mut jobs {
            job.enter("apply");
        }
        Self {
            applied: Vec::with_capacity(jobs.len()),
            alone: Vec::new(),
            met_trouble: false,
            together: true,
            current: None,
            is_committing: false,
            waiting: jobs.into(),
        }
    }

    /// What those are told that nobody has answered when this error ends the transaction.
    pub(super) fn end(&self, error: &sqlx::Error, engine: Engine) -> StoreError {
        if self.is_committing && engine.leaves_open(error) {
            StoreError::Undecided(error.to_string())
        } else {
            StoreError::Unavailable(error.to_string())
        }
    }

    /// Tells this to all that nobody has answered.
    pub(super) fn refuse(self, error: &StoreError) -> Vec<Box<dyn Job>> {
        for job in self
            .waiting
            .into_iter()
            .chain(self.current)
            .chain(self.applied)
            .chain(self.alone)
        {
            job.answer(Err(error.clone()));
        }
        Vec::new()
    }

    /// Applies all changes and commits. A change that fails is undone and answered by itself; an error of the whole
    /// leaves here all those that nobody has answered.
    pub(super) async fn write(
        &mut self,
        mut transaction: Transaction<'_>,
        engine: Engine,
        metrics: &StoreMetrics,
    ) -> Result<Progress, sqlx::Error> {
        if self.waiting.len() == 1 && self.applied.is_empty() {
            self.write_one(transaction, engine, metrics).await?;
            return Ok(Progress::Ended);
        }
        self.part_with_the_locked(&mut transaction, engine).await?;
        // They come first, so that nothing else is lost with them: that saves a savepoint in nearly every transaction.
        if self.together && !self.create_together(&mut transaction).await {
            self.together = false;
            transaction.roll_back().await?;
            return Ok(Progress::Again);
        }
        while let Some(job) = self.waiting.pop_front() {
            let job = self.current.insert(job);
            let tried = async {
                transaction.savepoint().await?;
                let result = unpanicked(job.apply(&mut transaction, engine)).await;
                match result {
                    Ok(()) => transaction.keep().await?,
                    Err(_) => transaction.undo().await?,
                }
                Ok::<_, sqlx::Error>(result)
            }
            .await;
            // Where the transaction itself is broken it stays here, and is answered with all others.
            match (tried?, self.current.take()) {
                (Ok(()), job) => self.applied.extend(job),
                (Err(error), Some(job)) => {
                    self.met_trouble |= error.is_of_the_machine();
                    job.answer(Err(error));
                }
                (Err(_), None) => {}
            }
        }
        for job in &mut self.applied {
            job.enter("commit");
        }
        self.is_committing = true;
        commit(transaction, self.applied.len(), metrics).await?;
        Ok(Progress::Ended)
    }

    /// The only change needs no savepoint.
    async fn write_one(
        &mut self,
        mut transaction: Transaction<'_>,
        engine: Engine,
        metrics: &StoreMetrics,
    ) -> Result<(), sqlx::Error> {
        let Some(job) = self.waiting.front_mut() else {
            return Ok(());
        };
        match unpanicked(job.apply(&mut transaction, engine)).await {
            Ok(()) => {
                job.enter("commit");
                self.is_committing = true;
                commit(transaction, 1, metrics).await?;
                self.applied.extend(self.waiting.pop_front());
            }
            Err(error) => {
                self.met_trouble |= error.is_of_the_machine();
                transaction.roll_back().await?;
                if let Some(job) = self.waiting.pop_front() {
                    job.answer(Err(error));
                }
            }
        }
        Ok(())
    }

    /// Sets apart the creations whose key another server is writing at this moment.
    async fn part_with_the_locked(
        &mut self,
        conn: &mut AnyConnection,
        engine: Engine,
    ) -> Result<(), sqlx::Error> {
        let locks: Vec<i64> = self.waiting.iter().filter_map(|job| lock(&**job)).collect();
        let taken = engine.try_locks(conn, &locks).await?;
        let refused: HashSet<i64> = locks
            .into_iter()
            .zip(taken)
            .filter_map(|(lock, is_taken)| (!is_taken).then_some(lock))
            .collect();
        if !refused.is_empty() {
            let (alone, waiting): (Vec<_>, Vec<_>) = self
                .waiting
                .drain(..)
                .partition(|job| lock(&**job).is_some_and(|lock| refused.contains(&lock)));
            // A batch that is tried again may have set some apart before.
            self.alone.extend(alone);
            self.waiting = waiting.into();
        }
        Ok(())
    }

    /// Applies the creations together. Those that this does not settle stay waiting. False if one failed: then what was
    /// done so far has to be undone, and all stay waiting.
    async fn create_together(&mut self, transaction: &mut Transaction<'_>) -> bool {
        let mut scopes = HashSet::new();
        let mut places = Vec::new();
        let mut creations = Vec::new();
        for (place, job) in self.waiting.iter().enumerate() {
            let Some(creation) = job.creation() else {
                continue;
            };
            // A second one with a key has to see what becomes of the first.
            let record = creation.idempotency.as_ref();
            if record.is_none_or(|record| scopes.insert(&record.scope)) {
                places.push(place);
                creations.push(creation);
            }
        }
        if creations.len() < 2 {
            return true;
        }
        let applying = Box::pin(create_session::apply_all(transaction, &creations));
        let Ok(is_new) = unpanicked(applying).await else {
            return false;
        };
        let new: HashSet<usize> = places
            .into_iter()
            .zip(is_new)
            .filter_map(|(place, is_new)| is_new.then_some(place))
            .collect();
        for (place, mut job) in std::mem::take(&mut self.waiting).into_iter().enumerate() {
            if new.contains(&place) {
                job.set_created();
                self.applied.push(job);
            } else {
                self.waiting.push_back(job);
            }
        }
        true
    }
}

/// Makes so many changes durable.
async fn commit(
    transaction: Transaction<'_>,
    changes: usize,
    metrics: &StoreMetrics,
) -> Result<(), sqlx::Error> {
    let began = Instant::now();
    transaction.commit().await?;
    metrics.committed(changes, began.elapsed());
    Ok(())
}

/// What stands for the key of a creation among the locks of the database.
fn lock(job: &dyn Job) -> Option<i64> {
    let record = job.creation()?.idempotency.as_ref()?;
    let (start, _) = record.scope.key_hash.split_first_chunk()?;
    Some(i64::from_be_bytes(*start))
}

/// Runs a change and turns a panic in it into an error.
async fn unpanicked<T>(mut applying: Applying<'_, T>) -> Result<T, StoreError> {
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| applying.as_mut().poll(context))).unwrap_or_else(|_| {
            Poll::Ready(Err(StoreError::Internal("a change panicked".to_owned())))
        })
    })
    .await
}

#[cfg(test)]
mod tests;
