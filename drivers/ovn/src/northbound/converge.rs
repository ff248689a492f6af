//! Comparing everything there is with everything there should be.

use std::collections::HashSet;

use contracts::driver::{DriverResult, LogicalNetwork, LogicalRouter, SecurityGroup, Topology};
use uuid::Uuid;

use super::{
    Inner,
    network::{KIND_DNS, KIND_NETWORK, KIND_SUBNET},
    plan::Plan,
    port::{KIND_PORT, KIND_PORT_DHCP},
    router::KIND_ROUTER,
    security_group::KIND_GROUP,
    tables::{BY_PORT, ID, KIND, NETWORK},
};
use crate::ovsdb::{Atom, Datum, Replica, Row};

/// Parts that share a transaction: large enough that the round trip does not count, small enough that others get a turn.
const BATCH: usize = 100;

impl Inner {
    /// Mends what is missing or changed, in the order in which parts lean on one another; then what is left over.
    pub(super) async fn converge(&self, topology: &Topology) -> DriverResult<usize> {
        let _alone = self.converging.write().await;
        let drop_group = |plan: &mut Plan<'_>, (): &()| {
            plan.mend_drop_group();
            Ok(())
        };
        let group = |plan: &mut Plan<'_>, group: &SecurityGroup| {
            plan.security_group(group);
            Ok(())
        };
        let network = |plan: &mut Plan<'_>, network: &LogicalNetwork| {
            plan.network(network);
            Ok(())
        };
        let router = |plan: &mut Plan<'_>, router: &LogicalRouter| {
            plan.router(router);
            Ok(())
        };
        let mut count = self.mend(&[()], drop_group).await?;
        count += self.mend(&topology.security_groups, group).await?;
        count += self.mend(&topology.networks, network).await?;
        count += self.mend(&topology.ports, |plan, port| plan.port(port)).await?;
        count += self.mend(&topology.routers, router).await?;
        Ok(count + self.remove_left_over(topology).await?)
    }

    /// Mends parts in batches. One that can't be mended must not keep the others from it: it is reported at the end.
    async fn mend<T: Sync>(
        &self,
        parts: &[T],
        plan: impl Fn(&mut Plan<'_>, &T) -> DriverResult<()> + Sync,
    ) -> DriverResult<usize> {
        let mut count = 0;
        let mut failure = None;
        for batch in parts.chunks(BATCH) {
            match self.apply_counting(batch, &plan).await {
                Ok(differing) => count += differing,
                Err(_) if batch.len() > 1 => {
                    for part in batch.chunks(1) {
                        match self.apply_counting(part, &plan).await {
                            Ok(differing) => count += differing,
                            Err(error) => failure = Some(error),
                        }
                    }
                }
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(count), Err)
    }

    async fn apply_counting<T: Sync>(
        &self,
        parts: &[T],
        plan: &(impl Fn(&mut Plan<'_>, &T) -> DriverResult<()> + Sync),
    ) -> DriverResult<usize> {
        let counted = std::sync::atomic::AtomicUsize::new(0);
        self.apply(|building| {
            let mut differing = 0;
            for part in parts {
                let before = building.transaction.len();
                plan(building, part)?;
                differing += usize::from(building.transaction.len() > before);
            }
            counted.store(differing, std::sync::atomic::Ordering::Relaxed);
            Ok(())
        })
        .await?;
        Ok(counted.into_inner())
    }

    async fn remove_left_over(&self, topology: &Topology) -> DriverResult<usize> {
        let wanted = Wanted::new(topology);
        let left_over = self.northbound.read(|replica| wanted.left_over(replica));
        self.mend(&left_over, |plan, row| {
            match row {
                LeftOver::Row(table, id) if plan.table(table).get(*id).is_some() => {
                    plan.transaction.delete(table, *id)
                }
                LeftOver::Port(id) => {
                    for (switch, _) in plan.table("Logical_Switch").find(BY_PORT, *id) {
                        plan.transaction.take(
                            "Logical_Switch",
                            &Atom::Uuid(switch),
                            "ports",
                            &Datum::one(*id),
                        );
                    }
                }
                LeftOver::Row(..) => {}
            }
            Ok(())
        })
        .await
    }
}

/// A row of ours that nothing in the topology accounts for.
enum LeftOver {
    Row(&'static str, Uuid),
    Port(Uuid),
}

/// The ids of all there should be.
struct Wanted {
    networks: HashSet<String>,
    ports: HashSet<String>,
    groups: HashSet<String>,
    routers: HashSet<String>,
}

impl Wanted {
    fn new(topology: &Topology) -> Self {
        Wanted {
            networks: topology.networks.iter().map(|network| network.id.to_string()).collect(),
            ports: topology.ports.iter().map(|port| port.id.to_string()).collect(),
            groups: topology.security_groups.iter().map(|group| group.id.to_string()).collect(),
            routers: topology.routers.iter().map(|router| router.id.to_string()).collect(),
        }
    }

    fn left_over(&self, replica: &Replica) -> Vec<LeftOver> {
        let mut found = Vec::new();
        for table in ["Logical_Switch", "DNS", "DHCP_Options", "Port_Group", "Logical_Router"] {
            let rows = replica.table(table).rows();
            found.extend(rows.filter(|(_, row)| !self.has(row)).map(|(id, _)| LeftOver::Row(table, id)));
        }
        let ports = replica.table("Logical_Switch_Port").rows();
        found.extend(ports.filter(|(_, row)| !self.has(row)).map(|(id, _)| LeftOver::Port(id)));
        found
    }

    /// Whether the row is accounted for, or is none of ours.
    fn has(&self, row: &Row) -> bool {
        let Some(kind) = row.key("external_ids", KIND) else { return true };
        let id = row.key("external_ids", ID).unwrap_or_default();
        match kind {
            KIND_NETWORK | KIND_DNS => self.networks.contains(id),
            KIND_SUBNET => self.networks.contains(row.key("external_ids", NETWORK).unwrap_or_default()),
            // A port of a network that goes goes with it.
            KIND_PORT => {
                self.ports.contains(id)
                    || !self.networks.contains(row.key("external_ids", NETWORK).unwrap_or_default())
            }
            KIND_PORT_DHCP => self.ports.contains(id),
            KIND_GROUP => self.groups.contains(id),
            KIND_ROUTER => self.routers.contains(id),
            _ => true,
        }
    }
}
