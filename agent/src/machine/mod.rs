//! What is done with machines: one file for each kind of request.

mod copy;
mod devices;
mod power;
mod prepare;
mod remove;
mod report;
mod snapshot;
mod upkeep;

use std::{io, sync::Arc, time::Duration};

use agent_protocol::AgentLink;
use contracts::driver::{Hypervisor, Wiring};
use tokio::sync::Semaphore;

use crate::{
    config::AgentConfig, disks::Disks, image::ImageCache, journal::Journal, layout::Layout,
    metadata_proxy::MetadataProxies, turns::Turns,
};

/// An engine's call that takes longer hangs.
const ENGINE: Duration = Duration::from_secs(300);
/// Copying a disk of some hundred GiB takes its time.
const COPY: Duration = Duration::from_secs(4 * 3600);

/// The machines of this host, with all by which they are kept.
pub(crate) struct Machines {
    pub(crate) config: AgentConfig,
    pub(crate) hypervisor: Arc<dyn Hypervisor>,
    wiring: Arc<dyn Wiring>,
    link: AgentLink,
    layout: Layout,
    journal: Journal,
    disks: Disks,
    proxies: MetadataProxies,
    turns: Turns,
    starts: Semaphore,
    snapshots: Semaphore,
}

impl Machines {
    pub(crate) fn open(
        config: AgentConfig,
        hypervisor: Arc<dyn Hypervisor>,
        wiring: Arc<dyn Wiring>,
        link: AgentLink,
    ) -> io::Result<Self> {
        if !config.state_dir.is_absolute() || !config.run_dir.is_absolute() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the agent's folders must be absolute paths",
            ));
        }
        let layout = Layout::new(config.state_dir.clone(), config.run_dir.clone());
        let images =
            ImageCache::open(layout.clone(), config.storage, link.clone(), config.parallel_downloads)?;
        Ok(Self {
            journal: Journal::load(layout.clone(), config.storage)?,
            disks: Disks::new(layout.clone(), config.storage, images),
            proxies: MetadataProxies::new(wiring.clone(), link.clone()),
            turns: Turns::default(),
            starts: Semaphore::new(config.parallel_starts.max(1)),
            snapshots: Semaphore::new(config.parallel_snapshots.max(1)),
            config,
            hypervisor,
            wiring,
            link,
            layout,
        })
    }
}
