//! The host's own leg on the bridge that leads outside.

use std::time::{Duration, Instant};

use contracts::driver::{DriverError, DriverResult};

use super::config::ExternalBridge;
use crate::{iproute::IpRoute, isolation::Isolation};

const PATIENCE: Duration = Duration::from_secs(10);

/// Switches the bridge's interface on and gives it its addresses, as soon as vswitchd has made it. In the userspace datapath
/// the interface lives as long as vswitchd, so this is done after each of its starts.
pub(super) async fn configure(
    bridge: &ExternalBridge,
    userspace: bool,
    namespace: Option<String>,
) -> DriverResult<()> {
    let ip = IpRoute::new(namespace);
    if !bridge.interfaces.is_empty() {
        Isolation::prepare(ip.clone(), userspace, &bridge.interfaces).await?;
        ip.batch(&bridge.interfaces.iter().map(|card| format!("link set dev {card} up")).collect::<Vec<_>>())
            .await?;
    }
    let begun = Instant::now();
    while !ip.link_exists(&bridge.name).await? {
        if begun.elapsed() > PATIENCE {
            return Err(DriverError::Unavailable(format!("vswitchd has not made {}", bridge.name)));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let name = &bridge.name;
    let mut commands: Vec<String> =
        bridge.addresses.iter().map(|address| format!("address replace {address} dev {name}")).collect();
    commands.push(format!("link set dev {name} up"));
    ip.batch(&commands).await?;
    ip.disable_offloads(name).await
}
