//! Which images a host may fetch or store: those that a request under way on it names.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use contracts::{
    hosts::HostRequest,
    machine::{DiskSource, DiskSpec},
};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Way {
    Fetch,
    Store,
}

type Key = (String, Way, Uuid);

/// Rights, each with how many requests under way give it.
#[derive(Default)]
pub(super) struct Grants {
    held: Mutex<HashMap<Key, usize>>,
}

/// The rights that one request gives, as long as it is under way.
pub(super) struct Grant {
    grants: Arc<Grants>,
    keys: Vec<Key>,
}

impl Grants {
    fn held(&self) -> MutexGuard<'_, HashMap<Key, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn grant(self: &Arc<Self>, host: &str, request: &HostRequest) -> Grant {
        let keys: Vec<Key> = named(request).into_iter().map(|(way, id)| (host.to_owned(), way, id)).collect();
        let mut held = self.held();
        for key in &keys {
            *held.entry(key.clone()).or_default() += 1;
        }
        drop(held);
        Grant { grants: self.clone(), keys }
    }

    pub(super) fn allows(&self, host: &str, way: Way, image: Uuid) -> bool {
        self.held().contains_key(&(host.to_owned(), way, image))
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        let mut held = self.grants.held();
        for key in self.keys.drain(..) {
            if let Entry::Occupied(mut count) = held.entry(key) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
    }
}

fn named(request: &HostRequest) -> Vec<(Way, Uuid)> {
    let image = |disk: &DiskSpec| match disk.source {
        DiskSource::Image { image, .. } => Some((Way::Fetch, image)),
        DiskSource::Blank { .. } | DiskSource::File { .. } => None,
    };
    match request {
        HostRequest::Start { spec } | HostRequest::Reboot { spec, .. } => {
            spec.disks.iter().filter_map(image).collect()
        }
        HostRequest::AttachDisk { disk, .. } => image(disk).into_iter().collect(),
        HostRequest::Snapshot { image, .. } => vec![(Way::Store, *image)],
        HostRequest::Describe
        | HostRequest::List
        | HostRequest::Stop { .. }
        | HostRequest::Pause { .. }
        | HostRequest::Remove { .. }
        | HostRequest::DetachDisk { .. }
        | HostRequest::AttachNic { .. }
        | HostRequest::DetachNic { .. }
        | HostRequest::ConsoleLog { .. }
        | HostRequest::CopyDisk { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_lasts_as_long_as_the_last_request_that_gives_it() {
        let grants = Arc::new(Grants::default());
        let image = Uuid::new_v4();
        let request = HostRequest::Snapshot { id: Uuid::new_v4(), device: "vda".into(), image };
        let first = grants.grant("a", &request);
        let second = grants.grant("a", &request);
        drop(first);
        assert!(grants.allows("a", Way::Store, image));
        assert!(!grants.allows("b", Way::Store, image));
        assert!(!grants.allows("a", Way::Fetch, image));
        drop(second);
        assert!(!grants.allows("a", Way::Store, image));
        assert!(grants.held().is_empty());
    }
}
