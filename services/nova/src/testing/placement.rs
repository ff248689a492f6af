use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    placement::{Candidate, CandidateQuery, Inventory, Placement, Resources},
};
use uuid::Uuid;

/// Providers and allocations in maps.
#[derive(Default)]
pub struct FakePlacement {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    providers: BTreeMap<Uuid, (String, BTreeMap<String, Inventory>)>,
    allocations: BTreeMap<Uuid, (Uuid, Resources)>,
}

impl State {
    fn capacity(&self, provider: Uuid, but: Option<Uuid>) -> BTreeMap<String, (u64, u64)> {
        let Some((_, inventories)) = self.providers.get(&provider) else { return BTreeMap::new() };
        let used = |class: &str| {
            let others = self.allocations.iter().filter(|(consumer, _)| Some(**consumer) != but);
            others
                .filter(|(_, (at, _))| *at == provider)
                .map(|(_, (_, resources))| resources.get(class).copied().unwrap_or(0))
                .sum()
        };
        let room = |inventory: &Inventory| {
            ((inventory.total - inventory.reserved) as f64 * inventory.allocation_ratio) as u64
        };
        inventories.iter().map(|(class, inventory)| (class.clone(), (room(inventory), used(class)))).collect()
    }

    fn fits(&self, provider: Uuid, but: Option<Uuid>, wanted: &Resources) -> bool {
        let capacity = self.capacity(provider, but);
        wanted
            .iter()
            .all(|(class, amount)| capacity.get(class).is_some_and(|(room, used)| used + amount <= *room))
    }
}

impl FakePlacement {
    pub fn providers(&self) -> usize {
        self.state.lock().unwrap().providers.len()
    }

    pub fn allocation(&self, consumer: &str) -> Option<Resources> {
        let consumer = Uuid::parse_str(consumer).unwrap();
        self.state.lock().unwrap().allocations.get(&consumer).map(|(_, resources)| resources.clone())
    }

    pub fn allocations(&self) -> usize {
        self.state.lock().unwrap().allocations.len()
    }
}

#[async_trait]
impl Placement for FakePlacement {
    async fn ensure_provider(
        &self,
        provider: Uuid,
        name: &str,
        inventories: &BTreeMap<String, Inventory>,
        _: &[String],
    ) -> CallResult<()> {
        self.state.lock().unwrap().providers.insert(provider, (name.into(), inventories.clone()));
        Ok(())
    }

    async fn candidates(&self, query: &CandidateQuery) -> CallResult<Vec<Candidate>> {
        let state = self.state.lock().unwrap();
        let fitting = state.providers.iter().filter(|(id, _)| state.fits(**id, None, &query.resources));
        Ok(fitting
            .map(|(id, (name, _))| Candidate {
                provider: *id,
                name: name.clone(),
                capacity: state.capacity(*id, None),
            })
            .collect())
    }

    async fn allocate(
        &self,
        consumer: Uuid,
        _: &str,
        _: &str,
        provider: Uuid,
        resources: &Resources,
    ) -> CallResult<()> {
        let mut state = self.state.lock().unwrap();
        if !state.fits(provider, Some(consumer), resources) {
            return Err(CallError::Conflict("no room".into()));
        }
        state.allocations.insert(consumer, (provider, resources.clone()));
        Ok(())
    }

    async fn release(&self, consumer: Uuid) -> CallResult<()> {
        self.state.lock().unwrap().allocations.remove(&consumer);
        Ok(())
    }

    async fn consumers(&self, provider: Uuid) -> CallResult<Vec<Uuid>> {
        let state = self.state.lock().unwrap();
        Ok(state.allocations.iter().filter(|(_, (at, _))| *at == provider).map(|(id, _)| *id).collect())
    }
}
