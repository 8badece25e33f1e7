//! A change on its way: a closure of [`Db::write`](super::Db::write), and who waits for its answer. What it answers is
//! known to nobody in between, so that the two databases' ways of running it are compiled once and not for each closure.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::db::{BoxFuture, Tx};
use super::foresight::Foresight;
use crate::server::error::StoreError;

/// A change that waits to be run.
pub(super) struct Job {
    /// `None` for a change that may write whatever others have foreseen.
    pub(super) foresight: Option<Foresight>,
    pub(super) change: Box<dyn Change>,
}

impl Job {
    /// `answer` is told what `work` answers, once that is durable.
    pub(super) fn new<T, E, F>(
        foresight: Option<Foresight>,
        work: F,
        answer: oneshot::Sender<Result<T, E>>,
    ) -> Self
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        Self {
            foresight,
            change: Box::new(Waiting { work, answer }),
        }
    }
}

/// A closure, and who waits for its answer.
pub(super) trait Change: Send {
    /// Runs it, without what it leaves for the end.
    fn run<'t>(self: Box<Self>, tx: &'t mut Tx<'_>) -> BoxFuture<'t, Ended>;

    /// Answers that there was no transaction to run in.
    fn refuse(self: Box<Self>, error: StoreError);
}

struct Waiting<T, E, F> {
    work: F,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Change for Waiting<T, E, F>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
{
    fn run<'t>(self: Box<Self>, tx: &'t mut Tx<'_>) -> BoxFuture<'t, Ended> {
        let Self { work, answer } = *self;
        // A panic in one closure must not take the writer and everybody else's changes with it.
        let work = AssertUnwindSafe(work(tx)).catch_unwind();
        Box::pin(async move {
            let outcome = work.await.unwrap_or_else(|_| {
                Err(StoreError::Unavailable("the change panicked".to_owned()).into())
            });
            Ended {
                keep: outcome.is_ok(),
                failure: None,
                tell: Box::new(move |committed| {
                    // The caller may have gone: then nobody waits for the answer.
                    let _ = answer.send(match (outcome, committed) {
                        (Ok(_), Err(error)) => Err(error.into()),
                        (outcome, _) => outcome,
                    });
                }),
            }
        })
    }

    fn refuse(self: Box<Self>, error: StoreError) {
        let _ = self.answer.send(Err(error.into()));
    }
}

/// How a closure ended.
pub(super) struct Ended {
    /// Whether its statements stay.
    pub(super) keep: bool,
    /// What came after it ended well.
    failure: Option<StoreError>,
    /// Tells its caller, once the commit is known.
    tell: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

impl Ended {
    /// It ended well, and what came after it did not.
    pub(super) fn fail(&mut self, error: StoreError) {
        self.keep = false;
        self.failure = Some(error);
    }

    /// Tells its caller what became of the transaction.
    pub(super) fn tell(self, committed: Result<(), StoreError>) {
        (self.tell)(match self.failure {
            Some(error) => Err(error),
            None => committed,
        });
    }
}
