//! The user's own pairs, of volumes and of snapshots.

use std::collections::BTreeMap;

use platform::{
    http::{Fault, Query},
    wire::{Schema, Version},
};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Select, sea_query::Expr};
use serde::Deserialize;
use serde_json::{Value, json};

/// Names (1 to 255 characters) and values (up to 255).
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Pairs(pub BTreeMap<String, String>);

impl Pairs {
    pub(crate) fn into_json(self) -> Value {
        json!(self.0)
    }
}

impl Schema for Pairs {
    fn schema(_: Version) -> Value {
        json!({
            "type": "object",
            "propertyNames": {"minLength": 1, "maxLength": 255},
            "additionalProperties": {"type": "string", "maxLength": 255},
        })
    }
}

/// Rows whose metadata hold the pairs that the query asks for: `metadata={'name': 'value'}`, as clients write it.
pub(crate) fn filtered<E: EntityTrait>(
    mut select: Select<E>,
    query: &Query,
    column: E::Column,
    db: &impl ConnectionTrait,
) -> Result<Select<E>, Fault> {
    let Some(text) = query.get("metadata") else { return Ok(select) };
    let wanted: BTreeMap<String, String> = serde_json::from_str(&text.replace('\'', "\""))
        .map_err(|_| Fault::bad_request("Could not evaluate value of metadata filter, expecting a dictionary."))?;
    for (name, value) in wanted {
        let column = Expr::col(column);
        let condition = match db.get_database_backend() {
            DbBackend::Postgres => Expr::cust_with_exprs("($1::jsonb ->> $2) = $3", [column, Expr::value(name), Expr::value(value)]),
            DbBackend::MySql => Expr::cust_with_exprs(
                "JSON_UNQUOTE(JSON_EXTRACT(?, ?)) = ?",
                [column, Expr::value(path(&name)), Expr::value(value)],
            ),
            _ => Expr::cust_with_exprs("json_extract(?, ?) = ?", [column, Expr::value(path(&name)), Expr::value(value)]),
        };
        select = select.filter(condition);
    }
    Ok(select)
}

/// A member's path, quoted so that no name can reach beyond it.
fn path(name: &str) -> String {
    format!("$.\"{}\"", name.replace(['"', '\\'], ""))
}
