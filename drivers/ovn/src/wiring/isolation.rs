//! Keeping guests from the host's own network stack.
//!
//! In the userspace datapath vswitchd gets a copy of what a guest sends; the original goes on to the host's kernel, which
//! would answer ARP for any of the host's addresses and take packets to them, past all that OVN decides. So the kernel
//! drops what comes in by a guest's interface. (The kernel datapath takes the original itself.)

use contracts::driver::DriverResult;

use crate::iproute::IpRoute;

const TABLE: &str = "pileus_ports";

/// The kernel's rule, and the set of interfaces that it holds for.
pub(super) struct Isolation {
    ip: IpRoute,
    needed: bool,
}

impl Isolation {
    /// Makes the rule. Interfaces that are in the set already stay in it.
    pub(super) async fn prepare(ip: IpRoute, needed: bool) -> DriverResult<Self> {
        let isolation = Isolation { ip, needed };
        let mut script = String::new();
        for (family, hook) in [("inet", "prerouting priority -400"), ("arp", "input priority -400")] {
            script += &format!(
                "add table {family} {TABLE}\n\
                 add set {family} {TABLE} interfaces {{ type ifname; }}\n\
                 add chain {family} {TABLE} guests {{ type filter hook {hook}; }}\n\
                 flush chain {family} {TABLE} guests\n\
                 add rule {family} {TABLE} guests iifname @interfaces drop\n"
            );
        }
        isolation.run(script).await?;
        Ok(isolation)
    }

    /// What comes in by this interface is dropped by the kernel.
    pub(super) async fn add(&self, interface: &str) -> DriverResult<()> {
        let element = |family| format!("add element {family} {TABLE} interfaces {{ \"{interface}\" }}\n");
        self.run(element("inet") + &element("arp")).await
    }

    /// The interface is no more.
    pub(super) async fn remove(&self, interface: &str) -> DriverResult<()> {
        // Adding it first makes removing it always possible.
        let both = |family| {
            format!(
                "add element {family} {TABLE} interfaces {{ \"{interface}\" }}\n\
                 delete element {family} {TABLE} interfaces {{ \"{interface}\" }}\n"
            )
        };
        self.run(both("inet") + &both("arp")).await
    }

    async fn run(&self, script: String) -> DriverResult<()> {
        if self.needed { self.ip.nft(&script).await } else { Ok(()) }
    }
}
