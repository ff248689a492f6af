//! What the host is and has.

use contracts::{driver::Hypervisor, hosts::HostError, machine::HostDescription};
use nix::sys::statvfs::statvfs;

use crate::{
    config::{AgentConfig, Storage},
    fault::failed,
    file::blocking,
};

const GIB: u64 = 1 << 30;

/// The hypervisor's description, with what only the agent knows: the host's name, its address, and its disk.
pub(crate) async fn describe(
    config: &AgentConfig,
    hypervisor: &dyn Hypervisor,
) -> Result<HostDescription, HostError> {
    let mut description = hypervisor.describe().await.map_err(crate::fault::of_driver)?;
    description.host = config.host.clone();
    description.address = config.address.clone();
    // A simulated hypervisor says how much it pretends to have. Else what counts is where the disks are.
    if config.storage == Storage::Real {
        let state = config.state_dir.clone();
        let disk = blocking("measuring the disk", move || Ok(statvfs(&state)?)).await?;
        let piece = disk.fragment_size();
        description.disk_gib = disk.blocks() * piece / GIB;
        description.disk_free_gib = disk.blocks_available() * piece / GIB;
    }
    if description.vcpus == 0 {
        return Err(failed("the hypervisor", "it has no processors"));
    }
    Ok(description)
}
