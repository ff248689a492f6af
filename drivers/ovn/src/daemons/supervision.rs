//! Starting again what died.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use super::{Supervised, program::Program};

const LOOK: Duration = Duration::from_millis(500);
const FIRST_BACK_OFF: Duration = Duration::from_millis(500);
const LAST_BACK_OFF: Duration = Duration::from_secs(30);
/// A daemon that lived so long is not failing at its start.
const HEALTHY: Duration = Duration::from_secs(60);

struct Attempts {
    last: Instant,
    wait: Duration,
}

/// Looks after the daemons until it is told to end. It ends between two daemons: what is being started is started.
pub(super) async fn run(supervised: Arc<Supervised>, end: CancellationToken) {
    let mut attempts: HashMap<&'static str, Attempts> = HashMap::new();
    loop {
        if end.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
            return;
        }
        for daemon in &supervised.daemons {
            if end.is_cancelled() || daemon.living().is_some() {
                continue;
            }
            if let Some(attempt) = attempts.get(daemon.name())
                && attempt.last.elapsed() < attempt.wait
            {
                continue;
            }
            let wait = match attempts.get(daemon.name()) {
                Some(attempt) if attempt.last.elapsed() < HEALTHY => (attempt.wait * 2).min(LAST_BACK_OFF),
                _ => FIRST_BACK_OFF,
            };
            attempts.insert(daemon.name(), Attempts { last: Instant::now(), wait });
            tracing::warn!(daemon = daemon.name(), "died, starting it again");
            let mut outcome = daemon.ensure(&supervised.paths).await.map(|_| ());
            if outcome.is_ok() && daemon.program() == Program::Vswitchd {
                outcome = supervised.configure_external_bridge().await;
            }
            if let Err(error) = outcome {
                tracing::error!(daemon = daemon.name(), %error, "can't be started, trying again later");
            }
        }
    }
}
