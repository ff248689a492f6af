//! OVSDB's values: atoms, and sets and maps of them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::OvsdbError;

/// A single value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Atom {
    /// A whole number.
    Integer(i64),
    /// A floating-point number, by its bits.
    Real(u64),
    /// True or false.
    Boolean(bool),
    /// Text.
    String(Box<str>),
    /// A row of the database.
    Uuid(Uuid),
    /// A row that the same transaction inserts, by the name that it has there.
    Named(Box<str>),
}

impl Atom {
    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Atom::String(text) => Some(text),
            _ => None,
        }
    }

    /// The row, if it is one of the database.
    pub fn as_uuid(&self) -> Option<Uuid> {
        match self {
            Atom::Uuid(id) => Some(*id),
            _ => None,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Atom::Integer(number) => json!(number),
            Atom::Real(bits) => json!(f64::from_bits(*bits)),
            Atom::Boolean(truth) => json!(truth),
            Atom::String(text) => json!(text),
            Atom::Uuid(id) => json!(["uuid", id]),
            Atom::Named(name) => json!(["named-uuid", name]),
        }
    }

    pub(super) fn from_json(value: &Value) -> Result<Self, OvsdbError> {
        let wrong = || OvsdbError::Protocol(format!("{value} is not an atom"));
        match value {
            Value::String(text) => Ok(Atom::String(text.as_str().into())),
            Value::Bool(truth) => Ok(Atom::Boolean(*truth)),
            Value::Number(number) => match number.as_i64() {
                Some(number) => Ok(Atom::Integer(number)),
                None => number.as_f64().map(|number| Atom::Real(number.to_bits())).ok_or_else(wrong),
            },
            Value::Array(pair) => match pair.as_slice() {
                [Value::String(tag), Value::String(text)] if tag == "uuid" => {
                    Ok(Atom::Uuid(text.parse().map_err(|_| wrong())?))
                }
                [Value::String(tag), Value::String(text)] if tag == "named-uuid" => {
                    Ok(Atom::Named(text.as_str().into()))
                }
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

impl From<&str> for Atom {
    fn from(text: &str) -> Self {
        Atom::String(text.into())
    }
}

impl From<String> for Atom {
    fn from(text: String) -> Self {
        Atom::String(text.into())
    }
}

impl From<Uuid> for Atom {
    fn from(id: Uuid) -> Self {
        Atom::Uuid(id)
    }
}

impl From<bool> for Atom {
    fn from(truth: bool) -> Self {
        Atom::Boolean(truth)
    }
}

impl From<i64> for Atom {
    fn from(number: i64) -> Self {
        Atom::Integer(number)
    }
}

/// What a column of a row holds. A single atom is a set of one, as on the wire. Both are kept sorted.
#[derive(Debug, Clone, Eq)]
pub enum Datum {
    /// Atoms, none, one or many.
    Set(Vec<Atom>),
    /// Keys with values.
    Map(Vec<(Atom, Atom)>),
}

impl PartialEq for Datum {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Datum::Set(a), Datum::Set(b)) => a == b,
            (Datum::Map(a), Datum::Map(b)) => a == b,
            // An empty set and an empty map are one: a column that is absent does not say which it would be.
            (a, b) => a.is_empty() && b.is_empty(),
        }
    }
}

impl Datum {
    /// Nothing.
    pub const EMPTY: Datum = Datum::Set(Vec::new());

    /// Nothing, of a map. (To the server an empty set is not an empty map.)
    pub const EMPTY_MAP: Datum = Datum::Map(Vec::new());

    /// One value.
    pub fn one(atom: impl Into<Atom>) -> Self {
        Datum::Set(vec![atom.into()])
    }

    /// One value, made already.
    pub fn one_atom(atom: Atom) -> Self {
        Datum::Set(vec![atom])
    }

    /// One value or none.
    pub fn optional(atom: Option<impl Into<Atom>>) -> Self {
        Datum::Set(atom.map(Into::into).into_iter().collect())
    }

    /// Values.
    pub fn set<A: Into<Atom>>(atoms: impl IntoIterator<Item = A>) -> Self {
        let mut atoms: Vec<Atom> = atoms.into_iter().map(Into::into).collect();
        atoms.sort_unstable();
        atoms.dedup();
        Datum::Set(atoms)
    }

    /// Keys with values; of equal keys the last one holds.
    pub fn map<K: Into<Atom>, V: Into<Atom>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let pairs: std::collections::BTreeMap<Atom, Atom> =
            pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Datum::Map(pairs.into_iter().collect())
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Datum::Set(atoms) => atoms.is_empty(),
            Datum::Map(pairs) => pairs.is_empty(),
        }
    }

    /// The atoms of a set.
    pub fn atoms(&self) -> &[Atom] {
        match self {
            Datum::Set(atoms) => atoms,
            Datum::Map(_) => &[],
        }
    }

    /// The rows that a set names.
    pub fn uuids(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.atoms().iter().filter_map(Atom::as_uuid)
    }

    /// Whether a set has this atom.
    pub fn contains(&self, atom: &Atom) -> bool {
        self.atoms().binary_search(atom).is_ok()
    }

    /// What a map of text has under a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.value_of(key).and_then(Atom::as_str)
    }

    pub(super) fn value_of(&self, key: &str) -> Option<&Atom> {
        let Datum::Map(pairs) = self else { return None };
        pairs.iter().find(|(each, _)| each.as_str() == Some(key)).map(|(_, value)| value)
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Datum::Set(atoms) => match atoms.as_slice() {
                [atom] => atom.to_json(),
                atoms => json!(["set", atoms.iter().map(Atom::to_json).collect::<Vec<_>>()]),
            },
            Datum::Map(pairs) => {
                let pairs: Vec<_> = pairs.iter().map(|(k, v)| json!([k.to_json(), v.to_json()])).collect();
                json!(["map", pairs])
            }
        }
    }

    pub(super) fn from_json(value: &Value) -> Result<Self, OvsdbError> {
        if let Some([Value::String(tag), Value::Array(members)]) = value.as_array().map(Vec::as_slice) {
            if tag == "set" {
                return Ok(Datum::set(members.iter().map(Atom::from_json).collect::<Result<Vec<_>, _>>()?));
            }
            if tag == "map" {
                return Ok(Datum::map(members.iter().map(pair_from_json).collect::<Result<Vec<_>, _>>()?));
            }
        }
        Atom::from_json(value).map(Datum::one)
    }

    /// Applies what `update2` says of a column that can hold several values: elements that came or went, keys that came,
    /// went or have another value.
    pub(super) fn apply_difference(&mut self, difference: Datum) {
        if self.is_empty() {
            *self = difference;
            return;
        }
        match (self, difference) {
            (Datum::Set(atoms), Datum::Set(changed)) => {
                for atom in changed {
                    match atoms.binary_search(&atom) {
                        Ok(at) => drop(atoms.remove(at)),
                        Err(at) => atoms.insert(at, atom),
                    }
                }
            }
            (Datum::Map(pairs), Datum::Map(changed)) => {
                for (key, value) in changed {
                    match pairs.binary_search_by(|(each, _)| each.cmp(&key)) {
                        Ok(at) if pairs[at].1 == value => drop(pairs.remove(at)),
                        Ok(at) => pairs[at].1 = value,
                        Err(at) => pairs.insert(at, (key, value)),
                    }
                }
            }
            // A difference of the other sort is empty, or the schema lied: it has nothing to say.
            _ => {}
        }
    }
}

fn pair_from_json(value: &Value) -> Result<(Atom, Atom), OvsdbError> {
    match value.as_array().map(Vec::as_slice) {
        Some([key, value]) => Ok((Atom::from_json(key)?, Atom::from_json(value)?)),
        _ => Err(OvsdbError::Protocol(format!("{value} is not a pair"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_from_the_wire_as_they_went() {
        let id = Uuid::from_u128(7);
        for datum in [
            Datum::EMPTY,
            Datum::one("text"),
            Datum::one(true),
            Datum::one(-5),
            Datum::one(id),
            Datum::set(["b", "a"]),
            Datum::set([Atom::Uuid(id), Atom::Named("row1".into())]),
            Datum::map([("k", "v"), ("a", "b")]),
            Datum::map::<&str, &str>([]),
        ] {
            assert_eq!(Datum::from_json(&datum.to_json()).unwrap(), datum);
        }
        assert_eq!(Datum::one(id).to_json(), json!(["uuid", id]));
        assert!(Datum::from_json(&json!(["uuid", "nonsense"])).is_err());
        assert!(Datum::from_json(&json!(null)).is_err());
    }

    #[test]
    fn a_difference_adds_removes_and_replaces() {
        let mut set = Datum::set(["a", "b"]);
        set.apply_difference(Datum::set(["b", "c"]));
        assert_eq!(set, Datum::set(["a", "c"]));

        let mut map = Datum::map([("same", "1"), ("other", "2"), ("gone", "3")]);
        map.apply_difference(Datum::map([("other", "two"), ("gone", "3"), ("new", "4")]));
        assert_eq!(map, Datum::map([("same", "1"), ("other", "two"), ("new", "4")]));
    }
}
