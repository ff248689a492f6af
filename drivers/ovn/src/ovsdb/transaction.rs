//! A transaction: operations that happen all or not at all.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Atom, Datum, OvsdbError, Table};

/// Columns of a row with what they are to hold.
pub type Columns = BTreeMap<&'static str, Datum>;

/// Operations that are sent together.
#[derive(Debug, Default)]
pub struct Transaction {
    operations: Vec<Value>,
    /// Operations that must find their row, with the table.
    must_match: Vec<(usize, &'static str)>,
    names: usize,
}

impl Transaction {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Inserts a row and returns the name by which other operations of this transaction refer to it.
    pub fn insert(&mut self, table: &'static str, columns: &Columns) -> Atom {
        self.names += 1;
        let name = format!("row{}", self.names);
        self.operations
            .push(json!({"op": "insert", "table": table, "row": to_row(columns), "uuid-name": name}));
        Atom::Named(name.into())
    }

    /// Gives columns of a row new values. The transaction fails when the row is gone.
    pub fn update(&mut self, table: &'static str, row: Uuid, columns: &Columns) {
        self.must_match.push((self.operations.len(), table));
        self.operations.push(
            json!({"op": "update", "table": table, "where": [["_uuid", "==", ["uuid", row]]], "row": to_row(columns)}),
        );
    }

    /// Adds elements to a set, or pairs to a map, of a row.
    pub fn add(&mut self, table: &'static str, row: &Atom, column: &str, elements: &Datum) {
        self.mutate(table, row, column, "insert", elements);
    }

    /// Takes elements from a set, or pairs from a map, of a row.
    pub fn take(&mut self, table: &'static str, row: &Atom, column: &str, elements: &Datum) {
        self.mutate(table, row, column, "delete", elements);
    }

    fn mutate(&mut self, table: &'static str, row: &Atom, column: &str, mutator: &str, elements: &Datum) {
        self.must_match.push((self.operations.len(), table));
        self.operations
            .push(json!({"op": "mutate", "table": table, "where": [["_uuid", "==", row.to_json()]],
            "mutations": [[column, mutator, elements.to_json()]]}));
    }

    /// Deletes a row; that it is gone already is no failure.
    pub fn delete(&mut self, table: &'static str, row: Uuid) {
        self.operations
            .push(json!({"op": "delete", "table": table, "where": [["_uuid", "==", ["uuid", row]]]}));
    }

    /// Fails the transaction when a row has this value under this key of a map column: two writers would otherwise make
    /// two rows in a table that has no unique names.
    pub fn require_no_key(&mut self, table: &'static str, column: &'static str, key: &str, value: &str) {
        let condition = json!([column, "includes", ["map", [[key, value]]]]);
        self.operations.push(json!({"op": "wait", "table": table, "where": [condition], "columns": [column],
            "until": "==", "rows": [], "timeout": 0}));
    }

    /// Makes a row hold these columns: inserts it when there is none, else changes those columns that differ. Returns the
    /// row.
    pub fn put(&mut self, name: &'static str, table: &Table, found: Option<Uuid>, columns: &Columns) -> Atom {
        let Some((id, row)) = found.and_then(|id| Some((id, table.get(id)?))) else {
            return self.insert(name, columns);
        };
        let differing: Columns = columns
            .iter()
            .filter(|(column, datum)| !table.holds(row, column, datum))
            .map(|(column, datum)| (*column, datum.clone()))
            .collect();
        if !differing.is_empty() {
            self.update(name, id, &differing);
        }
        Atom::Uuid(id)
    }

    pub(super) fn to_params(&self, database: &str) -> Value {
        let mut params = Vec::with_capacity(self.operations.len() + 1);
        params.push(json!(database));
        params.extend(self.operations.iter().cloned());
        Value::Array(params)
    }

    /// Reads the server's answer: one result for each operation, and one more when the commit itself failed.
    pub(super) fn check(&self, results: &Value) -> Result<(), OvsdbError> {
        let results =
            results.as_array().ok_or_else(|| OvsdbError::Protocol("no list of results".to_owned()))?;
        for result in results {
            if let Some(error) = result.get("error").and_then(Value::as_str) {
                let details = result.get("details").and_then(Value::as_str).unwrap_or_default();
                return Err(OvsdbError::Refused { error: error.to_owned(), details: details.to_owned() });
            }
        }
        match self
            .must_match
            .iter()
            .find(|(at, _)| results.get(*at).is_none_or(|result| result["count"] == 0))
        {
            Some((_, table)) => Err(OvsdbError::Stale { table: (*table).to_owned() }),
            None => Ok(()),
        }
    }
}

fn to_row(columns: &Columns) -> Map<String, Value> {
    columns.iter().map(|(name, datum)| ((*name).to_owned(), datum.to_json())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_an_error_anywhere_is_a_refusal() {
        let transaction = Transaction::default();
        let answer = json!([{"uuid": ["uuid", Uuid::nil()]}, null, {"error": "constraint violation", "details": "twice"}]);
        let error = transaction.check(&answer).unwrap_err();
        assert!(error.is_race());
        assert_eq!(error.to_string(), "constraint violation: twice");
    }

    #[test]
    fn an_update_that_found_no_row_is_stale() {
        let mut transaction = Transaction::default();
        transaction.update("T", Uuid::nil(), &Columns::from([("name", Datum::one("x"))]));
        assert!(transaction.check(&json!([{"count": 1}])).is_ok());
        assert!(transaction.check(&json!([{"count": 0}])).unwrap_err().is_race());
    }
}
