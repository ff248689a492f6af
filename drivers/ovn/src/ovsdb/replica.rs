//! The tables that a client watches, in memory, with indexes.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Atom, Datum, OvsdbError, schema::TableSchema};

/// A way by which rows of a table are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// By the values of a column (each, when it is a set).
    Column(&'static str),
    /// By what a map column has under a key.
    Key(&'static str, &'static str),
}

/// A table to be watched.
#[derive(Debug, Clone)]
pub struct Monitored {
    /// The table.
    pub table: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
    /// The ways by which its rows are found.
    pub indexes: &'static [Index],
}

/// How a row changed.
#[derive(Debug)]
pub enum Change<'a> {
    /// It is new.
    Inserted,
    /// These columns changed.
    Modified(&'a [&'a str]),
    /// It is gone; this is what it was.
    Deleted,
}

static EMPTY: Datum = Datum::EMPTY;

/// A row. Columns that hold what the schema gives by default are not there.
#[derive(Debug, Clone, Default)]
pub struct Row {
    columns: Vec<(Arc<str>, Datum)>,
}

impl Row {
    fn column(&self, name: &str) -> Option<&Datum> {
        self.columns.iter().find(|(each, _)| &**each == name).map(|(_, datum)| datum)
    }

    /// What a column holds; an absent one holds nothing.
    pub fn get(&self, column: &str) -> &Datum {
        self.column(column).unwrap_or(&EMPTY)
    }

    /// The text in a column that holds one text.
    pub fn text(&self, column: &str) -> &str {
        self.get(column).atoms().first().and_then(Atom::as_str).unwrap_or_default()
    }

    /// Whether a column holds the one value `true`.
    pub fn is_true(&self, column: &str) -> bool {
        self.get(column).atoms() == [Atom::Boolean(true)]
    }

    /// What a map column has under a key.
    pub fn key(&self, column: &str, key: &str) -> Option<&str> {
        self.get(column).get(key)
    }

    fn index_keys(&self, index: Index) -> Vec<Atom> {
        match index {
            Index::Column(column) => self.get(column).atoms().to_vec(),
            Index::Key(column, key) => self.get(column).value_of(key).cloned().into_iter().collect(),
        }
    }
}

/// A table's rows.
#[derive(Debug, Default)]
pub struct Table {
    schema: TableSchema,
    names: HashMap<Box<str>, Arc<str>>,
    rows: HashMap<Uuid, Row>,
    indexes: Vec<(Index, HashMap<Atom, Vec<Uuid>>)>,
}

impl Table {
    fn new(monitored: &Monitored, schema: TableSchema) -> Self {
        Table {
            schema,
            names: monitored.columns.iter().map(|name| ((*name).into(), (*name).into())).collect(),
            rows: HashMap::new(),
            indexes: monitored.indexes.iter().map(|index| (*index, HashMap::new())).collect(),
        }
    }

    /// The row of that UUID.
    pub fn get(&self, id: Uuid) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = (Uuid, &Row)> {
        self.rows.iter().map(|(id, row)| (*id, row))
    }

    /// Rows that an index has under a value, in the order of their UUIDs (so that all who look see the same first one).
    pub fn find(&self, index: Index, value: impl Into<Atom>) -> Vec<(Uuid, &Row)> {
        let value = value.into();
        let Some((_, entries)) = self.indexes.iter().find(|(each, _)| *each == index) else {
            debug_assert!(false, "{index:?} is not kept");
            return Vec::new();
        };
        let mut found: Vec<_> = entries
            .get(&value)
            .into_iter()
            .flatten()
            .filter_map(|id| Some((*id, self.rows.get(id)?)))
            .collect();
        found.sort_unstable_by_key(|(id, _)| *id);
        found
    }

    /// Whether a row's column holds this, counting what the schema gives by default.
    pub fn holds(&self, row: &Row, column: &str, wanted: &Datum) -> bool {
        match (row.column(column), self.schema.column(column)) {
            (Some(datum), _) => datum == wanted,
            (None, Some(schema)) => schema.default == *wanted,
            (None, None) => wanted.is_empty(),
        }
    }

    fn unindex(&mut self, id: Uuid, index: usize, keys: &[Atom]) {
        let entries = &mut self.indexes[index].1;
        for key in keys {
            if let Some(ids) = entries.get_mut(key) {
                if let Some(at) = ids.iter().position(|each| *each == id) {
                    ids.swap_remove(at);
                }
                if ids.is_empty() {
                    entries.remove(key);
                }
            }
        }
    }

    fn insert(&mut self, id: Uuid, row: Row) {
        self.remove(id);
        for (index, entries) in &mut self.indexes {
            for key in row.index_keys(*index) {
                entries.entry(key).or_default().push(id);
            }
        }
        self.rows.insert(id, row);
    }

    fn remove(&mut self, id: Uuid) -> Option<Row> {
        let row = self.rows.remove(&id)?;
        for index in 0..self.indexes.len() {
            let keys = row.index_keys(self.indexes[index].0);
            self.unindex(id, index, &keys);
        }
        Some(row)
    }

    fn modify(&mut self, id: Uuid, changed: Vec<(Arc<str>, Datum)>) {
        for (name, difference) in changed {
            let many = self.schema.column(&name).is_some_and(|column| column.many);
            let Some(row) = self.rows.get_mut(&id) else { return };
            // A set that is itself an index (a switch's ports) changes by the difference only, however large it is.
            let by_difference = many.then(|| difference.atoms().to_vec());
            let touched: Vec<usize> = (0..self.indexes.len())
                .filter(|i| matches!(self.indexes[*i].0, Index::Column(c) | Index::Key(c, _) if c == &*name))
                .collect();
            let before: Vec<Vec<Atom>> = touched
                .iter()
                .map(|i| match (&by_difference, self.indexes[*i].0) {
                    (Some(atoms), Index::Column(column)) => {
                        atoms.iter().filter(|atom| row.get(column).contains(atom)).cloned().collect()
                    }
                    (_, index) => row.index_keys(index),
                })
                .collect();
            row.change(name, difference, many);
            let after: Vec<Vec<Atom>> = touched
                .iter()
                .map(|i| match (&by_difference, self.indexes[*i].0) {
                    (Some(atoms), Index::Column(column)) => {
                        atoms.iter().filter(|atom| row.get(column).contains(atom)).cloned().collect()
                    }
                    (_, index) => row.index_keys(index),
                })
                .collect();
            for ((i, before), after) in touched.into_iter().zip(before).zip(after) {
                self.unindex(id, i, &before);
                for key in after {
                    self.indexes[i].1.entry(key).or_default().push(id);
                }
            }
        }
    }

    fn parse(&self, row: &Map<String, Value>) -> Result<Vec<(Arc<str>, Datum)>, OvsdbError> {
        let known = row.iter().filter_map(|(name, value)| Some((self.names.get(name.as_str())?, value)));
        known.map(|(name, value)| Ok((name.clone(), Datum::from_json(value)?))).collect()
    }
}

impl Row {
    fn change(&mut self, name: Arc<str>, difference: Datum, many: bool) {
        let Some(at) = self.columns.iter().position(|(each, _)| *each == name) else {
            self.columns.push((name, difference));
            return;
        };
        if many {
            self.columns[at].1.apply_difference(difference);
        } else {
            self.columns[at].1 = difference;
        }
    }
}

/// The tables that are watched.
#[derive(Debug, Default)]
pub struct Replica {
    tables: HashMap<&'static str, Table>,
}

static NO_TABLE: std::sync::LazyLock<Table> = std::sync::LazyLock::new(Table::default);

impl Replica {
    pub(super) fn new(monitored: &[Monitored], mut schema: HashMap<String, TableSchema>) -> Self {
        let tables = monitored
            .iter()
            .map(|each| (each.table, Table::new(each, schema.remove(each.table).unwrap_or_default())))
            .collect();
        Replica { tables }
    }

    /// A table. One that is not watched is empty.
    pub fn table(&self, name: &str) -> &Table {
        self.tables.get(name).unwrap_or(&NO_TABLE)
    }

    /// Applies the table updates of `update2` or `update3`, and tells of each row.
    pub(super) fn apply(
        &mut self,
        updates: &Value,
        mut tell: impl FnMut(&str, Uuid, Change<'_>, &Row),
    ) -> Result<(), OvsdbError> {
        for (name, rows) in updates.as_object().into_iter().flatten() {
            let Some(table) = self.tables.get_mut(name.as_str()) else { continue };
            for (id, update) in rows.as_object().into_iter().flatten() {
                let id: Uuid =
                    id.parse().map_err(|_| OvsdbError::Protocol(format!("{id:?} is not a row")))?;
                if let Some(row) =
                    update.get("initial").or_else(|| update.get("insert")).and_then(Value::as_object)
                {
                    let row = Row { columns: table.parse(row)? };
                    table.insert(id, row);
                    tell(name, id, Change::Inserted, &table.rows[&id]);
                } else if let Some(changed) = update.get("modify").and_then(Value::as_object) {
                    let changed = table.parse(changed)?;
                    let names: Vec<Arc<str>> = changed.iter().map(|(name, _)| name.clone()).collect();
                    table.modify(id, changed);
                    let Some(row) = table.rows.get(&id) else { continue };
                    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
                    tell(name, id, Change::Modified(&names), row);
                } else if update.get("delete").is_some()
                    && let Some(row) = table.remove(id)
                {
                    tell(name, id, Change::Deleted, &row);
                }
            }
        }
        Ok(())
    }

    /// Applies the table updates of plain `update`, which carry whole rows.
    pub(super) fn apply_plain(
        &mut self,
        updates: &Value,
        mut tell: impl FnMut(&str, Uuid, Change<'_>, &Row),
    ) -> Result<(), OvsdbError> {
        for (name, rows) in updates.as_object().into_iter().flatten() {
            let Some(table) = self.tables.get_mut(name.as_str()) else { continue };
            for (id, update) in rows.as_object().into_iter().flatten() {
                let id: Uuid =
                    id.parse().map_err(|_| OvsdbError::Protocol(format!("{id:?} is not a row")))?;
                let Some(row) = update.get("new").and_then(Value::as_object) else {
                    if let Some(row) = table.remove(id) {
                        tell(name, id, Change::Deleted, &row);
                    }
                    continue;
                };
                let known = table.rows.contains_key(&id);
                table.insert(id, Row { columns: table.parse(row)? });
                let old: HashSet<&str> =
                    update["old"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                let names: Vec<&str> = old.into_iter().collect();
                let change = if known { Change::Modified(&names) } else { Change::Inserted };
                tell(name, id, change, &table.rows[&id]);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAME: Index = Index::Column("name");
    const PORTS: Index = Index::Column("ports");
    const ID: Index = Index::Key("ids", "id");

    fn replica() -> Replica {
        let schema = json!({"tables": {"T": {"columns": {
            "name": {"type": "string"},
            "up": {"type": {"key": "boolean", "min": 0, "max": 1}},
            "ports": {"type": {"key": "string", "min": 0, "max": "unlimited"}},
            "ids": {"type": {"key": "string", "value": "string", "min": 0, "max": "unlimited"}}}}}});
        let monitored =
            Monitored { table: "T", columns: &["name", "up", "ports", "ids"], indexes: &[NAME, PORTS, ID] };
        Replica::new(&[monitored], super::super::schema::parse(&schema).unwrap())
    }

    fn found(replica: &Replica, index: Index, value: &str) -> Vec<Uuid> {
        replica.table("T").find(index, value).into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn indexes_follow_inserted_modified_and_deleted_rows() {
        let (mut replica, id) = (replica(), Uuid::from_u128(1));
        let row = json!({"name": "a", "ports": ["set", ["p", "q"]], "ids": ["map", [["id", "x"]]]});
        replica.apply(&json!({"T": {id.to_string(): {"insert": row}}}), |_, _, _, _| {}).unwrap();
        assert_eq!(found(&replica, NAME, "a"), [id]);
        assert_eq!(found(&replica, PORTS, "q"), [id]);
        assert_eq!(found(&replica, ID, "x"), [id]);

        let change = json!({"name": "b", "ports": ["set", ["q", "r"]], "ids": ["map", [["id", "y"]]]});
        replica.apply(&json!({"T": {id.to_string(): {"modify": change}}}), |_, _, _, _| {}).unwrap();
        assert!(found(&replica, NAME, "a").is_empty() && found(&replica, PORTS, "q").is_empty());
        assert!(found(&replica, ID, "x").is_empty());
        assert_eq!(found(&replica, NAME, "b"), [id]);
        assert_eq!(found(&replica, PORTS, "p"), [id]);
        assert_eq!(found(&replica, PORTS, "r"), [id]);
        assert_eq!(found(&replica, ID, "y"), [id]);

        replica.apply(&json!({"T": {id.to_string(): {"delete": null}}}), |_, _, _, _| {}).unwrap();
        assert!(found(&replica, NAME, "b").is_empty() && found(&replica, PORTS, "p").is_empty());
        assert!(replica.table("T").indexes.iter().all(|(_, entries)| entries.is_empty()));
    }

    #[test]
    fn absent_columns_hold_the_schemas_default_and_no_other() {
        let (mut replica, id) = (replica(), Uuid::from_u128(1));
        replica.apply(&json!({"T": {id.to_string(): {"initial": {}}}}), |_, _, _, _| {}).unwrap();
        let table = replica.table("T");
        let row = table.get(id).unwrap();
        assert!(table.holds(row, "name", &Datum::one("")));
        assert!(table.holds(row, "ids", &Datum::map::<&str, &str>([])));
        assert!(table.holds(row, "up", &Datum::EMPTY));
        assert!(!table.holds(row, "up", &Datum::one(false)));
    }

    #[test]
    fn an_optional_column_is_replaced_and_told_of() {
        let (mut replica, id) = (replica(), Uuid::from_u128(1));
        replica.apply(&json!({"T": {id.to_string(): {"initial": {"up": false}}}}), |_, _, _, _| {}).unwrap();
        let mut seen = Vec::new();
        let update = json!({"T": {id.to_string(): {"modify": {"up": true}}}});
        replica
            .apply(&update, |table, _, change, row| {
                if let Change::Modified(columns) = change {
                    seen.push((table.to_owned(), columns.join(","), row.is_true("up")));
                }
            })
            .unwrap();
        assert_eq!(seen, [("T".to_owned(), "up".to_owned(), true)]);
    }
}
