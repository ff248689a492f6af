//! Controllers: they bring what is to what is wanted, one resource at a time, one idempotent step after another.
//!
//! ```text
//!           wake(id), pending() at start and every minute
//!                 │
//!                 ▼
//!   idle ──▶ queued ──▶ running ── Done ─────▶ idle (or queued again, if woken meanwhile)
//!                ▲         │ ├──── Now ──────▶ queued
//!                │         │ └──── After(t) ─▶ waiting t
//!                └─ waiting ◀───── Err ──────  waiting with back-off
//! ```
//!
//! Nothing here is remembered: whatever is lost with the process is found again by `pending`. A wake that is lost delays
//! work until the next look at `pending`; it never loses it.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What comes after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// What is, is what is wanted.
    Done,
    /// There is another step to take.
    Now,
    /// There is another step, after a while (something outside must happen first).
    After(Duration),
}

/// A step failed; it is taken again after a while. The reconciler itself decides when it has failed too often and brings
/// the resource to a truthful end (it is told how often in `attempt`).
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StepError(pub String);

impl StepError {
    /// From whatever can be shown.
    pub fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl From<sea_orm::DbErr> for StepError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::new(error)
    }
}

impl From<contracts::CallError> for StepError {
    fn from(error: contracts::CallError) -> Self {
        match error {
            contracts::CallError::Unavailable { service, detail } => Self(format!("{service}: {detail}")),
            error => Self::new(error),
        }
    }
}

/// A kind of resource that takes time.
#[async_trait]
pub trait Reconciler: Send + Sync + 'static {
    /// For logs and metrics: `server`, `volume`, ...
    fn name(&self) -> &'static str;

    /// The ids of all resources that have work outstanding. Asked at the start and from time to time.
    async fn pending(&self) -> Result<Vec<Uuid>, StepError>;

    /// Looks at the resource and takes the next step. Must be idempotent: it may have been taken before, and the process
    /// killed before that was recorded. `attempt` counts the failures in a row before this one.
    async fn step(&self, id: Uuid, attempt: u32) -> Result<Next, StepError>;
}

/// Wakes a reconciler.
#[derive(Debug, Clone)]
pub struct Waker {
    sender: mpsc::UnboundedSender<Uuid>,
}

impl Waker {
    /// There may be something to do for this resource.
    pub fn wake(&self, id: Uuid) {
        // Gone only when the process ends; what was to be done is found again at the next start.
        let _ = self.sender.send(id);
    }
}

/// A waker whose reconciler is not running yet, and the end at which it will.
pub fn channel() -> (Waker, Wakes) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Waker { sender }, Wakes { receiver })
}

/// The receiving end of a [`Waker`].
#[derive(Debug)]
pub struct Wakes {
    receiver: mpsc::UnboundedReceiver<Uuid>,
}

const RESYNC: Duration = Duration::from_secs(60);
const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(15);

enum State {
    /// A step is being taken; `woken`: look again when it is over.
    Running { woken: bool, attempt: u32 },
    /// It is to be looked at then.
    Waiting { until: Instant, attempt: u32 },
}

/// Runs a reconciler until cancelled, with at most `concurrency` steps at once.
pub async fn run(
    reconciler: Arc<dyn Reconciler>,
    mut wakes: Wakes,
    concurrency: usize,
    cancel: CancellationToken,
) {
    let mut states: HashMap<Uuid, State> = HashMap::new();
    let mut running: JoinSet<(Uuid, Result<Next, StepError>)> = JoinSet::new();
    let mut resync = Instant::now();
    loop {
        let now = Instant::now();
        start_due(&reconciler, &mut states, &mut running, concurrency, now);
        let next = next_due(&states, running.len() < concurrency).unwrap_or(resync).min(resync);
        tokio::select! {
            () = cancel.cancelled() => break,
            Some(id) = wakes.receiver.recv() => wake(&mut states, id),
            Some(ended) = running.join_next(), if !running.is_empty() => match ended {
                Ok((id, outcome)) => settle(reconciler.name(), &mut states, id, outcome),
                Err(error) => {
                    tracing::error!(reconciler = reconciler.name(), %error, "a step panicked");
                    // Which one is not known here: forget those that no longer run; `pending` finds them again.
                    if running.is_empty() {
                        states.retain(|_, state| matches!(state, State::Waiting { .. }));
                    }
                    resync = Instant::now() + FIRST_DELAY;
                }
            },
            () = sleep_until(next) => {
                if Instant::now() >= resync {
                    resync = Instant::now() + RESYNC;
                    match reconciler.pending().await {
                        Ok(ids) => ids.into_iter().for_each(|id| { states.entry(id).or_insert(due_now()); }),
                        Err(error) => {
                            tracing::warn!(reconciler = reconciler.name(), %error, "could not look for outstanding work");
                            resync = Instant::now() + Duration::from_secs(2);
                        }
                    }
                }
            }
        }
    }
    running.shutdown().await;
}

fn due_now() -> State {
    State::Waiting { until: Instant::now(), attempt: 0 }
}

fn next_due(states: &HashMap<Uuid, State>, room: bool) -> Option<Instant> {
    if !room {
        return None;
    }
    states
        .values()
        .filter_map(|state| match state {
            State::Waiting { until, .. } => Some(*until),
            State::Running { .. } => None,
        })
        .min()
}

fn start_due(
    reconciler: &Arc<dyn Reconciler>,
    states: &mut HashMap<Uuid, State>,
    running: &mut JoinSet<(Uuid, Result<Next, StepError>)>,
    concurrency: usize,
    now: Instant,
) {
    for (&id, state) in states.iter_mut() {
        if running.len() >= concurrency {
            break;
        }
        if let State::Waiting { until, attempt } = *state
            && until <= now
        {
            *state = State::Running { woken: false, attempt };
            let reconciler = reconciler.clone();
            running.spawn(async move { (id, reconciler.step(id, attempt).await) });
        }
    }
}

fn wake(states: &mut HashMap<Uuid, State>, id: Uuid) {
    match states.entry(id) {
        Entry::Occupied(mut known) => match known.get_mut() {
            State::Running { woken, .. } => *woken = true,
            State::Waiting { until, .. } => *until = Instant::now(),
        },
        Entry::Vacant(new) => {
            new.insert(due_now());
        }
    }
}

fn settle(name: &'static str, states: &mut HashMap<Uuid, State>, id: Uuid, outcome: Result<Next, StepError>) {
    let (woken, attempt) = match states.get(&id) {
        Some(State::Running { woken, attempt }) => (*woken, *attempt),
        _ => (false, 0),
    };
    metrics::counter!("pileus_reconcile_steps_total", "reconciler" => name, "ok" => if outcome.is_ok() { "true" } else { "false" }).increment(1);
    let wait = |delay, attempt| State::Waiting { until: Instant::now() + delay, attempt };
    let state = match outcome {
        _ if woken && outcome.is_ok() => wait(Duration::ZERO, 0),
        Ok(Next::Done) => {
            states.remove(&id);
            return;
        }
        Ok(Next::Now) => wait(Duration::ZERO, 0),
        Ok(Next::After(delay)) => wait(delay, 0),
        Err(error) => {
            let delay = FIRST_DELAY.saturating_mul(1 << attempt.min(16)).min(LONGEST_DELAY);
            let retry_in_ms = delay.as_millis() as u64;
            // Once or twice is the way of a start, or of two things that end together; more is for an operator to see.
            if attempt < 2 {
                tracing::info!(reconciler = name, %id, %error, attempt, retry_in_ms, "a step could not be taken yet");
            } else {
                tracing::warn!(reconciler = name, %id, %error, attempt, retry_in_ms, "a step fails again and again");
            }
            wait(delay, attempt + 1)
        }
    };
    states.insert(id, state);
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    struct Counting {
        left: Mutex<HashMap<Uuid, u32>>,
        fail_first: bool,
    }

    #[async_trait]
    impl Reconciler for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }
        async fn pending(&self) -> Result<Vec<Uuid>, StepError> {
            Ok(self.left.lock().unwrap().keys().copied().collect())
        }
        async fn step(&self, id: Uuid, attempt: u32) -> Result<Next, StepError> {
            if self.fail_first && attempt == 0 {
                return Err(StepError::new("not yet"));
            }
            let mut left = self.left.lock().unwrap();
            let Some(count) = left.get_mut(&id) else { return Ok(Next::Done) };
            *count -= 1;
            if *count == 0 {
                left.remove(&id);
                return Ok(Next::Done);
            }
            Ok(Next::Now)
        }
    }

    async fn finishes(fail_first: bool, wake: bool) {
        let id = Uuid::new_v4();
        let reconciler = Arc::new(Counting { left: Mutex::new(HashMap::from([(id, 3)])), fail_first });
        let (waker, wakes) = channel();
        let cancel = CancellationToken::new();
        let task = tokio::spawn(run(reconciler.clone(), wakes, 2, cancel.clone()));
        if wake {
            waker.wake(id);
        }
        tokio::time::timeout(Duration::from_secs(10), async {
            while !reconciler.left.lock().unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
        cancel.cancel();
        task.await.unwrap();
    }

    #[tokio::test]
    async fn outstanding_work_is_found_at_the_start_without_a_wake() {
        finishes(false, false).await;
    }

    #[tokio::test]
    async fn a_failed_step_is_taken_again() {
        finishes(true, true).await;
    }
}
