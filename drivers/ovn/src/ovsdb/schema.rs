//! What a database's schema says of its columns, as far as reading updates needs it.

use std::collections::HashMap;

use serde_json::Value;

use super::{Atom, Datum, OvsdbError};

/// The columns of one table.
#[derive(Debug, Clone, Default)]
pub(super) struct TableSchema {
    columns: HashMap<Box<str>, ColumnSchema>,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct ColumnSchema {
    /// Whether it can hold more than one value: updates then carry differences, else the new value.
    pub(super) many: bool,
    /// What it holds when nothing was said: updates leave such columns out.
    pub(super) default: Datum,
}

impl TableSchema {
    pub(super) fn column(&self, name: &str) -> Option<&ColumnSchema> {
        self.columns.get(name)
    }
}

/// Reads the answer to `get_schema`.
pub(super) fn parse(schema: &Value) -> Result<HashMap<String, TableSchema>, OvsdbError> {
    let tables = schema["tables"]
        .as_object()
        .ok_or_else(|| OvsdbError::Protocol("the schema has no tables".to_owned()))?;
    Ok(tables.iter().map(|(name, table)| (name.clone(), parse_table(table))).collect())
}

fn parse_table(table: &Value) -> TableSchema {
    let columns = table["columns"].as_object();
    let columns = columns
        .into_iter()
        .flatten()
        .map(|(name, column)| (name.as_str().into(), parse_column(&column["type"])));
    TableSchema { columns: columns.collect() }
}

fn parse_column(kind: &Value) -> ColumnSchema {
    let many = match &kind["max"] {
        Value::Null => false,
        Value::Number(max) => max.as_u64() != Some(1),
        _ => true,
    };
    let required = kind["min"].as_u64().unwrap_or(1) == 1;
    let key = if kind.is_string() { kind } else { &kind["key"] };
    let base = key.as_str().or_else(|| key["type"].as_str()).unwrap_or_default();
    let default = match (required && !many, base) {
        (true, "string") => Datum::one(""),
        (true, "integer") => Datum::one(0),
        (true, "boolean") => Datum::one(false),
        (true, "real") => Datum::one(Atom::Real(0)),
        (true, "uuid") => Datum::one(uuid::Uuid::nil()),
        _ => Datum::EMPTY,
    };
    ColumnSchema { many, default }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_and_plurality_follow_the_column_type() {
        let schema = json!({"tables": {"T": {"columns": {
            "scalar": {"type": "string"},
            "long": {"type": {"key": {"type": "integer", "minInteger": 0}}},
            "optional": {"type": {"key": "boolean", "min": 0, "max": 1}},
            "set": {"type": {"key": "string", "min": 1, "max": "unlimited"}},
            "map": {"type": {"key": "string", "value": "string", "min": 0, "max": "unlimited"}}}}}});
        let tables = parse(&schema).unwrap();
        let column = |name| tables["T"].column(name).unwrap();
        assert_eq!(column("scalar").default, Datum::one(""));
        assert_eq!(column("long").default, Datum::one(0));
        assert_eq!(column("optional").default, Datum::EMPTY);
        assert!(!column("optional").many && column("set").many && column("map").many);
    }
}
