//! What a query asks of providers: room, traits, aggregates, a place in a tree.

use std::collections::{BTreeMap, BTreeSet};

use platform::{http::Query, wire::Version};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::{
    error::Error,
    model::{Sql, provider},
};

/// What is asked of one provider.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Room for all of these.
    pub resources: BTreeMap<String, i64>,
    /// Traits.
    pub traits: Traits,
    /// Aggregates.
    pub member_of: MemberOf,
    /// In the tree of this provider.
    pub in_tree: Option<Uuid>,
}

/// Traits asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Traits {
    /// One of each set.
    pub required: Vec<BTreeSet<String>>,
    /// None of these.
    pub forbidden: BTreeSet<String>,
}

/// Aggregates asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemberOf {
    /// In one of each set.
    pub required: Vec<BTreeSet<Uuid>>,
    /// In none of these.
    pub forbidden: BTreeSet<Uuid>,
}

fn minor(version: Version, minor: u16) -> bool {
    version >= Version::new(1, minor)
}

/// `VCPU:2,MEMORY_MB:1024`
pub fn resources(text: &str) -> Result<BTreeMap<String, i64>, Error> {
    let badly = |got: &str| {
        Error::Invalid(format!(
            "Badly formed resources parameter. Expected resources query string parameter in form: ?resources=VCPU:2,MEMORY_MB:1024. Got: {got}."
        ))
    };
    if text.trim().is_empty() {
        return Err(badly("empty string"));
    }
    let mut answer = BTreeMap::new();
    for part in text.split(',') {
        let (name, amount) = part.split_once(':').ok_or_else(|| badly(part))?;
        let amount: i64 = amount.trim().parse().map_err(|_| {
            Error::Invalid(format!(
                "Requested resource {name} expected positive integer amount. Got: {amount}."
            ))
        })?;
        if amount < 1 {
            return Err(Error::Invalid(format!(
                "Requested resource {name} requires amount >= 1. Got: {amount}."
            )));
        }
        answer.insert(name.to_owned(), amount);
    }
    Ok(answer)
}

impl Traits {
    /// Reads `required...` in the manner of the version.
    pub fn read(query: &Query, name: &str, version: Version) -> Result<Self, Error> {
        let any = minor(version, 39);
        let mut traits = Self::default();
        let values: Vec<&str> = query.all(name).collect();
        // Before 1.39 the last one counts.
        let values = if any { &values[..] } else { &values[values.len().saturating_sub(1)..] };
        for value in values {
            traits.add(value, minor(version, 22), any)?;
        }
        Ok(traits)
    }

    /// Reads one value.
    pub fn add(&mut self, value: &str, may_forbid: bool, may_choose: bool) -> Result<(), Error> {
        let wrong =
            |why: &str| Error::Invalid(format!("Invalid query string parameters: {why} Got: {value}"));
        if let Some(choice) = value.strip_prefix("in:") {
            if !may_choose {
                return Err(wrong(
                    "The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' only supported since microversion 1.39.",
                ));
            }
            let names: BTreeSet<String> = choice.split(',').map(|name| name.trim().to_owned()).collect();
            if names.iter().any(|name| name.is_empty() || name.starts_with('!')) {
                return Err(wrong(
                    "Expected 'required' parameter value of the form: in:HW_CPU_X86_VMX,CUSTOM_MAGIC.",
                ));
            }
            self.required.push(names);
            return Ok(());
        }
        let form = if may_forbid { "HW_CPU_X86_VMX,!CUSTOM_MAGIC" } else { "HW_CPU_X86_VMX,CUSTOM_MAGIC" };
        for part in value.split(',').map(str::trim) {
            let name = part.trim_start_matches('!');
            if name.is_empty() || (name != part && !may_forbid) {
                return Err(wrong(&format!("Expected 'required' parameter value of the form: {form}.")));
            }
            if name == part {
                self.required.push(BTreeSet::from([name.to_owned()]));
            } else {
                self.forbidden.insert(name.to_owned());
            }
        }
        Ok(())
    }

    /// All names in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.required.iter().flatten().chain(&self.forbidden).map(String::as_str)
    }

    /// Whether one set can't be met because all of it is forbidden.
    pub fn contradict(&self) -> bool {
        self.required.iter().any(|set| set.is_subset(&self.forbidden))
    }
}

impl MemberOf {
    /// Reads `member_of...` in the manner of the version.
    pub fn read(query: &Query, name: &str, version: Version) -> Result<Self, Error> {
        let mut answer = Self::default();
        if !minor(version, 24) && query.all(name).count() > 1 {
            return Err(Error::Invalid(format!("Multiple {name} parameters are not supported")));
        }
        for value in query.all(name) {
            let (forbids, rest) = match value.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, value),
            };
            let list = rest.strip_prefix("in:");
            if list.is_none() && rest.contains(',') {
                return Err(Error::Invalid(format!(
                    "Multiple values for 'member_of' must be prefixed with the 'in:' or '!in:' keyword using the valid microversion. Got: {value}"
                )));
            }
            let ids = list
                .unwrap_or(rest)
                .split(',')
                .map(|text| {
                    text.parse().map_err(|_| {
                        Error::Invalid(format!(
                            "Invalid query string parameters: Expected 'member_of' parameter to contain valid UUID(s). Got: {text}"
                        ))
                    })
                })
                .collect::<Result<BTreeSet<Uuid>, Error>>()?;
            if !forbids {
                answer.required.push(ids);
            } else if minor(version, 32) {
                answer.forbidden.extend(ids);
            } else {
                return Err(Error::Invalid(format!(
                    "Forbidden {name} parameters are not supported in the specified microversion"
                )));
            }
        }
        Ok(answer)
    }
}

impl Filter {
    /// Adds the conditions to a statement that selects from `resource_providers p`.
    pub(crate) fn push(&self, sql: &mut Sql) {
        for (class, &amount) in &self.resources {
            sql.push(
                " AND EXISTS (SELECT 1 FROM inventories i WHERE i.provider = p.id AND i.resource_class = ",
            );
            sql.bind(class.as_str()).push(" AND i.min_unit <= ").bind(amount);
            sql.push(" AND i.max_unit >= ").bind(amount).push(" AND ").bind(amount);
            sql.push(" % i.step_size = 0 AND (i.total - i.reserved) * i.allocation_ratio >= ").bind(amount);
            sql.push(" + COALESCE((SELECT SUM(a.used) FROM allocations a WHERE a.provider = i.provider AND a.resource_class = i.resource_class), 0))");
        }
        let tagged = " EXISTS (SELECT 1 FROM provider_traits t WHERE t.provider = p.id AND t.trait IN ";
        for set in &self.traits.required {
            sql.push(" AND").push(tagged).list(set.iter().map(String::as_str)).push(")");
        }
        if !self.traits.forbidden.is_empty() {
            sql.push(" AND NOT")
                .push(tagged)
                .list(self.traits.forbidden.iter().map(String::as_str))
                .push(")");
        }
        let grouped =
            " EXISTS (SELECT 1 FROM provider_aggregates g WHERE g.provider = p.id AND g.aggregate IN ";
        for set in &self.member_of.required {
            sql.push(" AND").push(grouped).list(set.iter().copied()).push(")");
        }
        if !self.member_of.forbidden.is_empty() {
            sql.push(" AND NOT").push(grouped).list(self.member_of.forbidden.iter().copied()).push(")");
        }
        if let Some(id) = self.in_tree {
            sql.push(" AND p.root = (SELECT q.root FROM resource_providers q WHERE q.id = ")
                .bind(id)
                .push(")");
        }
    }

    /// The providers that meet it all, by id, from `from` on and before `to`.
    pub async fn providers(
        &self,
        db: &impl ConnectionTrait,
        only: Only<'_>,
        limit: Option<u64>,
    ) -> Result<Vec<provider::Model>, Error> {
        let mut sql = Sql::new(
            db,
            "SELECT p.id, p.name, p.generation, p.root, p.parent, p.created_at, p.updated_at FROM resource_providers p WHERE 1 = 1",
        );
        match only {
            Only::All => {}
            Only::From(id) => {
                sql.push(" AND p.id >= ").bind(id);
            }
            Only::Before(id) => {
                sql.push(" AND p.id < ").bind(id);
            }
            Only::Named { id, name } => {
                if let Some(id) = id {
                    sql.push(" AND p.id = ").bind(id);
                }
                if let Some(name) = name {
                    sql.push(" AND p.name = ").bind(name);
                }
            }
        }
        self.push(&mut sql);
        sql.push(" ORDER BY p.id");
        if let Some(limit) = limit {
            sql.push(&format!(" LIMIT {limit}"));
        }
        let rows = sql.all(db).await?;
        rows.iter().map(|row| Ok(provider::Model::from_query_result(row, "")?)).collect()
    }
}

/// Which providers to look at.
#[derive(Debug, Clone, Copy)]
pub enum Only<'a> {
    /// Every one.
    All,
    /// This one and those behind it.
    From(Uuid),
    /// Those before this one.
    Before(Uuid),
    /// With that id and that name.
    Named {
        /// The id.
        id: Option<Uuid>,
        /// The name.
        name: Option<&'a str>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Version = Version::new(1, 39);

    #[test]
    fn resources_are_names_and_amounts() {
        assert_eq!(resources("VCPU:2,MEMORY_MB:10").unwrap()["VCPU"], 2);
        for text in ["", "VCPU", "VCPU:x", "VCPU:0", "VCPU:-1", "VCPU:1,,"] {
            assert!(resources(text).is_err(), "{text}");
        }
    }

    #[test]
    fn traits_may_be_forbidden_and_chosen_from_by_version() {
        let query = Query::parse("required=A,!B&required=in:C,D");
        let read = Traits::read(&query, "required", NEW).unwrap();
        assert_eq!(read.required.len(), 2);
        assert!(read.forbidden.contains("B"));
        assert!(Traits::read(&query, "required", Version::new(1, 38)).is_err());
        assert!(Traits::read(&Query::parse("required=!B"), "required", Version::new(1, 21)).is_err());
        assert!(Traits::read(&Query::parse("required=A,"), "required", NEW).is_err());
    }

    #[test]
    fn aggregates_are_uuids() {
        let id = Uuid::new_v4();
        assert!(MemberOf::read(&Query::parse("member_of=x"), "member_of", NEW).is_err());
        let read =
            MemberOf::read(&Query::parse(&format!("member_of=!in:{id},{id}")), "member_of", NEW).unwrap();
        assert!(read.forbidden.contains(&id));
        let list = format!("member_of={id},{id}");
        assert!(MemberOf::read(&Query::parse(&list), "member_of", NEW).is_err());
    }
}
