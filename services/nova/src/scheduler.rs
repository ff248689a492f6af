//! Choosing a host: Placement says who has room, the rest is narrowed down and weighed here.

use std::collections::{BTreeMap, HashMap, HashSet};

use contracts::placement::{Candidate, CandidateQuery, Resources};
use platform::{
    db::owned::{Inside, Scope},
    reconcile::StepError,
};

use crate::{
    Nova,
    model::{aggregate, flavor::Snapshot, host, server, server_group},
};

const SCHEDULER: Inside = Inside::because("where servers are decides where others go; no user is told");

/// What a server of that flavor takes of its host. `local_root`: its root disk is on the host.
pub fn resources(flavor: &Snapshot, local_root: bool) -> Resources {
    let mut resources = Resources::new();
    let root = if local_root { flavor.root_gb } else { 0 };
    let disk = root + flavor.ephemeral_gb + (flavor.swap_mb + 1023) / 1024;
    for (class, amount) in [("VCPU", flavor.vcpus), ("MEMORY_MB", flavor.memory_mb), ("DISK_GB", disk)] {
        resources.insert(class.to_owned(), amount.max(0) as u64);
    }
    for (key, value) in &flavor.extra_specs {
        if let (Some(class), Ok(amount)) = (key.strip_prefix("resources:"), value.parse()) {
            resources.insert(class.to_owned(), amount);
        }
    }
    resources.retain(|_, amount| *amount > 0);
    resources
}

fn traits(flavor: &Snapshot, wanted: &str) -> Vec<String> {
    let of = |(key, value): (&String, &String)| {
        key.strip_prefix("trait:").filter(|_| value == wanted).map(str::to_owned)
    };
    flavor.extra_specs.iter().filter_map(of).collect()
}

/// Hosts with room that the server may be put on, the best first.
pub async fn candidates(nova: &Nova, server: &server::Model) -> Result<Vec<Candidate>, StepError> {
    let query = CandidateQuery {
        resources: resources(&server.flavor, server.image_id.is_some()),
        required: traits(&server.flavor, "required"),
        forbidden: traits(&server.flavor, "forbidden"),
        limit: None,
    };
    let mut candidates = nova.placement.candidates(&query).await?;
    let rules = Rules::read(nova, server).await?;
    candidates.retain(|candidate| rules.admit(&candidate.name));
    // Spread: most free memory first; among equals a different one for each server.
    let free = |candidate: &Candidate| {
        candidate.capacity.get("MEMORY_MB").map_or(0, |(capacity, used)| capacity.saturating_sub(*used))
    };
    candidates.sort_by_key(|candidate| {
        (rules.soft_penalty(&candidate.name), std::cmp::Reverse(free(candidate)), candidate.provider)
    });
    Ok(candidates)
}

/// What else than room decides.
struct Rules {
    open: HashSet<String>,
    zones: BTreeMap<String, String>,
    zone: Option<String>,
    default_zone: String,
    only: Option<String>,
    tried: Vec<String>,
    same: Option<HashSet<String>>,
    different: HashSet<String>,
    group: Option<(String, u64, HashMap<String, u64>)>,
}

impl Rules {
    async fn read(nova: &Nova, server: &server::Model) -> Result<Self, StepError> {
        let db = nova.db.read();
        let connected: HashSet<String> = nova.hosts.connected().into_iter().map(|host| host.host).collect();
        let open = host::all(db)
            .await?
            .into_iter()
            .filter(|host| !host.disabled && !host.forced_down && connected.contains(&host.name))
            .map(|host| host.name)
            .collect();
        let aggregates = aggregate::all(db).await?;
        let zones = aggregate::zones(&aggregates)
            .into_iter()
            .map(|(host, zone)| (host.to_owned(), zone.to_owned()))
            .collect();
        let details = server.details();
        let anybody = Scope::inside(&SCHEDULER);
        let same = match details.same_host.is_empty() {
            true => None,
            false => Some(server::hosts_of(db, &anybody, &details.same_host).await?),
        };
        Ok(Self {
            open,
            zones,
            zone: server.availability_zone.clone(),
            default_zone: nova.config.default_availability_zone.clone(),
            only: details.forced_host.clone(),
            tried: details.tried.clone(),
            same,
            different: server::hosts_of(db, &anybody, &details.different_host).await?,
            group: group(nova, server).await?,
        })
    }

    fn admit(&self, host: &str) -> bool {
        let zone = self.zones.get(host).unwrap_or(&self.default_zone);
        self.open.contains(host)
            && !self.tried.iter().any(|tried| tried == host)
            && self.only.as_ref().is_none_or(|only| only == host)
            && self.zone.as_ref().is_none_or(|wanted| wanted == zone)
            && self.same.as_ref().is_none_or(|same| same.contains(host))
            && !self.different.contains(host)
            && self.group_admits(host)
    }

    fn group_admits(&self, host: &str) -> bool {
        let Some((policy, most, members)) = &self.group else { return true };
        match policy.as_str() {
            "affinity" => members.is_empty() || members.contains_key(host),
            "anti-affinity" => members.get(host).copied().unwrap_or(0) < *most,
            _ => true,
        }
    }

    fn soft_penalty(&self, host: &str) -> i64 {
        let Some((policy, _, members)) = &self.group else { return 0 };
        let there = members.get(host).copied().unwrap_or(0) as i64;
        match policy.as_str() {
            "soft-affinity" => -there,
            "soft-anti-affinity" => there,
            _ => 0,
        }
    }
}

/// The policy of the server's group, how many members one host may have, and how many others each has.
async fn group(
    nova: &Nova,
    server: &server::Model,
) -> Result<Option<(String, u64, HashMap<String, u64>)>, StepError> {
    let Some((group, members)) = server_group::around(nova.db.read(), server).await? else { return Ok(None) };
    let most = group.rules.get("max_server_per_host").and_then(serde_json::Value::as_u64).unwrap_or(1);
    Ok(Some((group.policy, most, members)))
}
