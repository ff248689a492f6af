//! Candidates over trees of providers, and over providers that share what they have with aggregates.
//!
//! For each tree every part of the request (each class of the group without a suffix, each group with one) has a list of
//! providers that could meet it; a walk over their combinations keeps those that hold together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rand::seq::SliceRandom;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{Candidates, Way, providers_of, request::Request, summarise};
use crate::{
    allocate::Amounts,
    error::Error,
    filter::{Filter, MemberOf, Traits},
    model::{aggregate, allocation, inventory, provider, provider_trait},
    standard,
};

/// All that matters for the request, read at once.
struct World {
    providers: HashMap<Uuid, provider::Model>,
    trees: BTreeMap<Uuid, Vec<Uuid>>,
    inventories: HashMap<(Uuid, String), (inventory::Model, i64)>,
    traits: HashMap<Uuid, BTreeSet<String>>,
    aggregates: HashMap<Uuid, BTreeSet<Uuid>>,
    sharing: Vec<Uuid>,
}

/// A part of the request that one provider must meet.
struct Part<'a> {
    suffix: &'a str,
    needs: Amounts,
    options: Vec<Uuid>,
}

/// What has been found on the walk over all combinations.
struct Walk {
    ways: BTreeSet<Way>,
    limit: usize,
    steps: u32,
}

/// A request can be put so that nearly no combination holds: the walk ends after so many.
const MOST_STEPS: u32 = 200_000;

impl Walk {
    fn is_over(&self) -> bool {
        self.ways.len() >= self.limit || self.steps == 0
    }
}

/// Candidates for any request.
pub async fn find(db: &impl ConnectionTrait, request: &Request, limit: u64) -> Result<Candidates, Error> {
    let world = World::read(db, request).await?;
    let mut roots: Vec<Uuid> = world.trees.keys().copied().collect();
    roots.shuffle(&mut rand::rng());
    let mut walk = Walk { ways: BTreeSet::new(), limit: limit as usize, steps: MOST_STEPS };
    for root in roots {
        if world.has(root, &request.root_traits)
            && let Some(parts) = world.parts(root, request)
        {
            world.combine(root, request, &parts, &mut Vec::new(), &mut walk);
        }
        if walk.is_over() {
            break;
        }
    }
    let ways: Vec<Way> = walk.ways.into_iter().collect();
    let summaries = summarise(db, world.told(db, request, &ways).await?).await?;
    Ok(Candidates { ways, summaries })
}

impl World {
    async fn read(db: &impl ConnectionTrait, request: &Request) -> Result<Self, Error> {
        let classes: BTreeSet<&str> =
            request.groups.values().flat_map(|group| group.resources.keys().map(String::as_str)).collect();
        let names: BTreeSet<&str> = request
            .groups
            .values()
            .flat_map(|group| group.traits.names())
            .chain(request.root_traits.names())
            .chain([standard::SHARES])
            .collect();
        let mut providers = HashMap::new();
        let mut trees: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for row in provider::Entity::find().all(db).await? {
            trees.entry(row.root).or_default().push(row.id);
            providers.insert(row.id, row);
        }
        let usage = allocation::usage_by_class(db, classes.iter().copied()).await?;
        let rows = inventory::Entity::find()
            .filter(inventory::Column::ResourceClass.is_in(classes.iter().copied()))
            .all(db)
            .await?;
        let inventories = rows
            .into_iter()
            .map(|row| {
                let key = (row.provider, row.resource_class.clone());
                let used = usage.get(&key).copied().unwrap_or(0);
                (key, (row, used))
            })
            .collect();
        let mut traits: HashMap<Uuid, BTreeSet<String>> = HashMap::new();
        for row in provider_trait::holders(db, names).await? {
            traits.entry(row.provider).or_default().insert(row.name);
        }
        let sharing = traits
            .iter()
            .filter(|(_, names)| names.contains(standard::SHARES))
            .map(|(&provider, _)| provider)
            .collect();
        let aggregates = aggregate::all(db).await?;
        Ok(Self { providers, trees, inventories, traits, aggregates, sharing })
    }

    /// The parts of the request with the providers of that tree (or sharing with it) that could meet each; `None` when
    /// one can't be met.
    fn parts<'a>(&self, root: Uuid, request: &'a Request) -> Option<Vec<Part<'a>>> {
        let nodes = self.within_reach(root);
        let mut parts = Vec::new();
        for (suffix, group) in &request.groups {
            let whole = !suffix.is_empty();
            let needs: Vec<Amounts> = if whole {
                vec![group.resources.clone()]
            } else {
                group
                    .resources
                    .iter()
                    .map(|(class, amount)| BTreeMap::from([(class.clone(), *amount)]))
                    .collect()
            };
            for needs in needs {
                let options: Vec<Uuid> =
                    nodes.iter().copied().filter(|&node| self.meets(node, group, &needs, whole)).collect();
                if options.is_empty() {
                    return None;
                }
                parts.push(Part { suffix, needs, options });
            }
        }
        Some(parts)
    }

    /// The tree's providers, and those that share with it.
    fn within_reach(&self, root: Uuid) -> Vec<Uuid> {
        let mut nodes = self.trees.get(&root).cloned().unwrap_or_default();
        let groups: BTreeSet<Uuid> =
            nodes.iter().filter_map(|node| self.aggregates.get(node)).flatten().copied().collect();
        let shared = self.sharing.iter().copied().filter(|id| {
            !nodes.contains(id) && self.aggregates.get(id).is_some_and(|theirs| !theirs.is_disjoint(&groups))
        });
        let shared: Vec<Uuid> = shared.collect();
        nodes.extend(shared);
        nodes
    }

    fn meets(&self, node: Uuid, group: &Filter, needs: &Amounts, whole: bool) -> bool {
        let forbidden = self
            .traits
            .get(&node)
            .is_some_and(|have| group.traits.forbidden.iter().any(|name| have.contains(name)));
        let in_tree = group.in_tree.is_none_or(|asked| {
            let tree = |id: &Uuid| self.providers.get(id).map(|row| row.root);
            tree(&asked).is_some() && tree(&asked) == tree(&node)
        });
        !forbidden
            && in_tree
            && (!whole || self.has(node, &group.traits))
            && self.is_member(node, &group.member_of)
            && needs.iter().all(|(class, &amount)| {
                self.inventories.get(&(node, class.clone())).is_some_and(|(inventory, used)| {
                    inventory.takes(amount) && (used + amount) as f64 <= inventory.capacity()
                })
            })
    }

    fn has(&self, node: Uuid, traits: &Traits) -> bool {
        let none = BTreeSet::new();
        let have = self.traits.get(&node).unwrap_or(&none);
        traits.required.iter().all(|set| !set.is_disjoint(have)) && traits.forbidden.is_disjoint(have)
    }

    /// A provider is in its own aggregates and in those of the top of its tree.
    fn is_member(&self, node: Uuid, asked: &MemberOf) -> bool {
        let root = self.providers.get(&node).map_or(node, |row| row.root);
        let of = |id: Uuid| self.aggregates.get(&id).into_iter().flatten().copied();
        let mine: BTreeSet<Uuid> = of(node).chain(of(root)).collect();
        asked.required.iter().all(|set| !set.is_disjoint(&mine)) && asked.forbidden.is_disjoint(&mine)
    }

    fn combine(
        &self,
        root: Uuid,
        request: &Request,
        parts: &[Part<'_>],
        chosen: &mut Vec<Uuid>,
        walk: &mut Walk,
    ) {
        if walk.is_over() {
            return;
        }
        walk.steps -= 1;
        let Some(part) = parts.get(chosen.len()) else {
            if let Some(way) = self.way(root, request, parts, chosen) {
                walk.ways.insert(way);
            }
            return;
        };
        for &option in &part.options {
            let taken = request.isolate
                && !part.suffix.is_empty()
                && parts
                    .iter()
                    .zip(chosen.iter())
                    .any(|(other, &id)| !other.suffix.is_empty() && id == option);
            if !taken {
                chosen.push(option);
                self.combine(root, request, parts, chosen, walk);
                chosen.pop();
            }
        }
    }

    /// The combination, if it holds together.
    fn way(&self, root: Uuid, request: &Request, parts: &[Part<'_>], chosen: &[Uuid]) -> Option<Way> {
        let mut way = Way { allocations: BTreeMap::new(), mappings: BTreeMap::new() };
        for (part, &id) in parts.iter().zip(chosen) {
            let mapped = way.mappings.entry(part.suffix.to_owned()).or_default();
            if !mapped.contains(&id) {
                mapped.push(id);
            }
            for (class, amount) in &part.needs {
                *way.allocations.entry(id).or_default().entry(class.clone()).or_default() += amount;
            }
        }
        let tree = |id: &Uuid| self.providers.get(id).map(|row| row.root);
        let own = way.allocations.keys().filter(|id| tree(id) == Some(root)).count();
        let together = request.groups.get("").is_none_or(|group| {
            let ids = way.mappings.get("").map(Vec::as_slice).unwrap_or_default();
            group.traits.required.iter().all(|set| {
                ids.iter().any(|id| self.traits.get(id).is_some_and(|have| !set.is_disjoint(have)))
            })
        });
        let holds = own > 0
            && (request.trees || own == 1)
            && together
            && self.fits(&way)
            && request.same_subtree.iter().all(|suffixes| self.is_subtree(suffixes, &way));
        holds.then_some(way)
    }

    fn fits(&self, way: &Way) -> bool {
        way.allocations.iter().all(|(&id, amounts)| {
            amounts.iter().all(|(class, &amount)| {
                self.inventories.get(&(id, class.clone())).is_some_and(|(inventory, used)| {
                    amount <= inventory.max_unit && (used + amount) as f64 <= inventory.capacity()
                })
            })
        })
    }

    /// Whether the providers of these groups are all at or below one of them.
    fn is_subtree(&self, suffixes: &BTreeSet<String>, way: &Way) -> bool {
        let ids: Vec<Uuid> =
            suffixes.iter().filter_map(|suffix| way.mappings.get(suffix)).flatten().copied().collect();
        ids.iter().any(|&top| ids.iter().all(|&id| self.is_below(id, top)))
    }

    fn is_below(&self, id: Uuid, top: Uuid) -> bool {
        let mut at = Some(id);
        while let Some(here) = at {
            if here == top {
                return true;
            }
            at = self.providers.get(&here).and_then(|row| row.parent);
        }
        false
    }

    /// The providers that the answer tells of.
    async fn told(
        &self,
        db: &impl ConnectionTrait,
        request: &Request,
        ways: &[Way],
    ) -> Result<Vec<provider::Model>, Error> {
        let named: BTreeSet<Uuid> =
            ways.iter().flat_map(|way| way.mappings.values().flatten().copied()).collect();
        if !request.trees {
            return Ok(named.iter().filter_map(|id| self.providers.get(id).cloned()).collect());
        }
        let roots = named.iter().filter_map(|id| self.providers.get(id).map(|row| row.root)).collect();
        providers_of(db, &roots).await
    }
}
