//! What `GET /allocation_candidates` asks.

use std::collections::{BTreeMap, BTreeSet};

use platform::{
    http::{Fault, Query},
    wire::Version,
};
use uuid::Uuid;

use crate::{
    error::{Error, code},
    filter::{self, Filter, MemberOf, Traits},
};

/// A request for room.
#[derive(Debug, Default)]
pub struct Request {
    /// The groups by suffix. The one without may be met by several providers of a tree, each other by one.
    pub groups: BTreeMap<String, Filter>,
    /// Groups with a suffix must be met by different providers.
    pub isolate: bool,
    /// At most so many answers.
    pub limit: Option<u64>,
    /// What the top of the tree must have.
    pub root_traits: Traits,
    /// Groups whose providers must be below one of them.
    pub same_subtree: Vec<BTreeSet<String>>,
    /// Whether the caller understands trees (1.29).
    pub trees: bool,
}

const GROUPED: [&str; 4] = ["resources", "required", "member_of", "in_tree"];

impl Request {
    /// Reads the query in the manner of the version.
    pub fn read(query: &Query, version: Version) -> Result<Self, Fault> {
        let since = |minor| version >= Version::new(1, minor);
        let mut request = Self { trees: since(29), ..Self::default() };
        for (name, value) in &query.pairs {
            match name.as_str() {
                "limit" if since(16) => request.limit = Some(limit(value)?),
                "group_policy" if since(25) => {
                    request.isolate = match value.as_str() {
                        "isolate" => true,
                        "none" => false,
                        _ => return Err(unexpected(&format!("'{value}' is not one of ['none', 'isolate']"))),
                    }
                }
                "root_required" if since(35) => {}
                "same_subtree" if since(36) => request.same_subtree.push(subtree(value)?),
                _ => request.grouped(name, value, query, version)?,
            }
        }
        request.read_root(query)?;
        request.check(query, version)?;
        Ok(request)
    }

    fn grouped(&mut self, name: &str, value: &str, query: &Query, version: Version) -> Result<(), Fault> {
        let unknown = || {
            unexpected(&format!("Additional properties are not allowed ('{}' was unexpected)", clip(name)))
        };
        let (kind, suffix) =
            GROUPED.iter().find_map(|kind| Some((*kind, name.strip_prefix(kind)?))).ok_or_else(unknown)?;
        if !known(kind, suffix, version) {
            return Err(unknown());
        }
        let group = self.groups.entry(suffix.to_owned()).or_default();
        match kind {
            "resources" => group.resources = filter::resources(value)?,
            "required" => group.traits = Traits::read(query, name, version)?,
            "member_of" => group.member_of = MemberOf::read(query, name, version)?,
            _ => {
                group.in_tree = Some(value.trim().parse::<Uuid>().map_err(|_| {
                    unexpected(&format!(
                        "Expected 'in_tree' parameter to be a format of uuid. Got: {}",
                        clip(value)
                    ))
                })?);
            }
        }
        Ok(())
    }

    fn read_root(&mut self, query: &Query) -> Result<(), Fault> {
        let mut values = query.all("root_required");
        let Some(value) = values.next() else { return Ok(()) };
        if values.next().is_some() {
            return Err(Fault::bad_request("Query parameter 'root_required' may be specified only once.")
                .named(code::DUPLICATE_KEY));
        }
        self.root_traits.add(value, true, false)?;
        if self.root_traits.contradict() {
            return Err(Fault::bad_request(
                "Conflicting required and forbidden traits found in root_required",
            )
            .named(code::BAD_VALUE));
        }
        Ok(())
    }

    fn check(&self, query: &Query, version: Version) -> Result<(), Fault> {
        let bad = |text: &str| Err(Fault::bad_request(text));
        if self.groups.values().all(|group| group.resources.is_empty()) {
            return Err(Fault::bad_request(
                "There must be at least one resources or resources[$S] parameter.",
            )
            .named(code::MISSING_VALUE));
        }
        let subtrees: BTreeSet<&String> = self.same_subtree.iter().flatten().collect();
        if version >= Version::new(1, 36) {
            if let Some((suffix, _)) = self
                .groups
                .iter()
                .find(|(suffix, group)| group.resources.is_empty() && !subtrees.contains(suffix))
            {
                return Err(Fault::bad_request(format!(
                    "Resourceless suffixed group request should be specified in `same_subtree` query param: bad group(s) - {suffix}."
                ))
                .named(code::BAD_VALUE));
            }
            if let Some(suffix) = subtrees.iter().find(|suffix| !self.groups.contains_key(**suffix)) {
                return Err(Fault::bad_request(format!(
                    "Real suffixes should be specified in `same_subtree`: {suffix} not found."
                ))
                .named(code::BAD_VALUE));
            }
        } else if self.groups.values().any(|group| group.resources.is_empty()) {
            return bad(
                "All request groups must specify resources: traits, member_of and in_tree parameters must be associated with resources.",
            );
        }
        if self.groups.values().any(|group| group.traits.contradict()) {
            return bad("Conflicting required and forbidden traits found in the request groups.");
        }
        let suffixed = self.groups.keys().filter(|suffix| !suffix.is_empty()).count();
        if suffixed > 1 && query.get("group_policy").is_none() {
            return bad(
                "The \"group_policy\" parameter is required when specifying more than one \"resources{N}\" parameter.",
            );
        }
        Ok(())
    }
}

/// Whether the version knows the parameter with that suffix.
fn known(kind: &str, suffix: &str, version: Version) -> bool {
    let since = |minor| version >= Version::new(1, minor);
    let kind_known = match kind {
        "required" => since(17),
        "member_of" => since(21),
        "in_tree" => since(31),
        _ => true,
    };
    let suffix_known = if suffix.is_empty() {
        true
    } else if since(33) {
        suffix.len() <= 64
            && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    } else {
        since(25) && !suffix.starts_with('0') && suffix.bytes().all(|byte| byte.is_ascii_digit())
    };
    kind_known && suffix_known
}

fn limit(value: &str) -> Result<u64, Fault> {
    match value.parse::<u64>() {
        Ok(limit) if limit > 0 && !value.starts_with(['0', '+']) => Ok(limit),
        _ => Err(unexpected(&format!("'{}' does not match '^[1-9][0-9]*$'", clip(value)))),
    }
}

fn subtree(value: &str) -> Result<BTreeSet<String>, Fault> {
    let suffixes: BTreeSet<String> = value.split(',').map(|part| part.trim().to_owned()).collect();
    if suffixes.contains("") {
        return Err(Fault::bad_request(
            "Empty string (unsuffixed group) can not be specified in `same_subtree` ",
        )
        .named(code::BAD_VALUE));
    }
    Ok(suffixes)
}

fn unexpected(why: &str) -> Fault {
    Error::Invalid(format!("Invalid query string parameters: {why}")).into()
}

fn clip(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, minor: u16) -> Result<Request, Fault> {
        Request::read(&Query::parse(query), Version::new(1, minor))
    }

    #[test]
    fn parameters_belong_to_their_versions() {
        assert!(read("resources=VCPU:1", 10).is_ok());
        assert!(read("resources=VCPU:1&limit=5", 15).is_err());
        assert!(read("resources=VCPU:1&limit=5", 16).is_ok());
        assert!(read("resources1=VCPU:1", 24).is_err());
        assert!(read("resources1=VCPU:1", 25).is_ok());
        assert!(read("resources_NET=VCPU:1", 32).is_err());
        assert!(read("resources_NET=VCPU:1", 33).is_ok());
    }

    #[test]
    fn nonsense_is_refused() {
        for query in [
            "",
            "required=A",
            "resources=VCPU:1&limit=0",
            "resources=VCPU:1&limit=x",
            "resources=VCPU:1&nonsense=1",
            "resources=VCPU:1&group_policy=maybe",
            "resources1=VCPU:1&resources2=VCPU:1",
            "resources=VCPU:1&required=A,!A",
            "resources=VCPU:1&in_tree=x",
            "resources=VCPU:1&same_subtree=_A",
            "resources=VCPU:1&root_required=A&root_required=B",
        ] {
            assert!(read(query, 39).is_err(), "{query}");
        }
    }
}
