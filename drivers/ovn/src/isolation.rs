//! Keeping what comes in by a switch's port from the host's own network stack.
//!
//! In the userspace datapath vswitchd gets a copy of what a guest sends; the original goes on to the host's kernel, which
//! would answer ARP for any of the host's addresses and take packets to them, past all that OVN decides. So the kernel
//! drops what comes in by a guest's interface, and by a network card that was given to a bridge. (The kernel datapath takes
//! the original itself.)

use contracts::driver::DriverResult;

use crate::iproute::IpRoute;

const TABLE: &str = "pileus_ports";

/// The kernel's rule, and the set of interfaces that it holds for.
pub(crate) struct Isolation {
    ip: IpRoute,
    needed: bool,
}

impl Isolation {
    /// Makes the rule, for these interfaces.
    pub(crate) async fn prepare(ip: IpRoute, needed: bool, interfaces: &[String]) -> DriverResult<Self> {
        let isolation = Isolation { ip, needed };
        isolation.run(interfaces.iter().map(|each| element("add", each)).collect()).await?;
        Ok(isolation)
    }

    /// What comes in by this interface is dropped by the kernel.
    pub(crate) async fn add(&self, interface: &str) -> DriverResult<()> {
        self.run(element("add", interface)).await
    }

    /// The interface is no more.
    pub(crate) async fn remove(&self, interface: &str) -> DriverResult<()> {
        // Adding it first makes removing it always possible.
        self.run(element("add", interface) + &element("delete", interface)).await
    }

    /// Runs a script after one that makes table and rule, since whoever manages the host's firewall may have flushed all.
    async fn run(&self, script: String) -> DriverResult<()> {
        if self.needed { self.ip.nft(&(rules() + &script)).await } else { Ok(()) }
    }
}

const HOOKS: [(&str, &str); 2] = [("inet", "prerouting priority -400"), ("arp", "input priority -400")];

fn rules() -> String {
    let rules = HOOKS.map(|(family, hook)| {
        format!(
            "add table {family} {TABLE}\n\
             add set {family} {TABLE} interfaces {{ type ifname; }}\n\
             add chain {family} {TABLE} ports {{ type filter hook {hook}; }}\n\
             flush chain {family} {TABLE} ports\n\
             add rule {family} {TABLE} ports iifname @interfaces drop\n"
        )
    });
    rules.concat()
}

fn element(action: &str, interface: &str) -> String {
    HOOKS
        .map(|(family, _)| format!("{action} element {family} {TABLE} interfaces {{ \"{interface}\" }}\n"))
        .concat()
}
