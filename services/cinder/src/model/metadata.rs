//! The user's own pairs, of volumes and of snapshots: lists of what has them.

use std::collections::BTreeMap;

use platform::http::{Fault, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Select,
    sea_query::{Expr, SimpleExpr},
};

/// Rows whose metadata hold the pairs that the query asks for: `metadata={'name': 'value'}`, as clients write it.
pub(super) fn filtered<E: EntityTrait>(
    mut select: Select<E>,
    query: &Query,
    column: E::Column,
    db: &impl ConnectionTrait,
) -> Result<Select<E>, Fault> {
    let Some(text) = query.get("metadata") else { return Ok(select) };
    let wanted: BTreeMap<String, String> =
        serde_json::from_str(text).or_else(|_| serde_json::from_str(&text.replace('\'', "\""))).map_err(
            |_| Fault::bad_request("Could not evaluate value of metadata filter, expecting a dictionary."),
        )?;
    for (name, value) in wanted {
        select = select.filter(holds(column, name, value, db.get_database_backend()));
    }
    Ok(select)
}

fn holds(column: impl ColumnTrait, name: String, value: String, backend: DbBackend) -> SimpleExpr {
    // No name that the API takes has these; in a path they would reach beyond it.
    if name.contains(['"', '\\']) {
        return Expr::cust("1 = 0");
    }
    let column = Expr::col(column.as_column_ref());
    let path = Expr::value(format!("$.\"{name}\""));
    match backend {
        DbBackend::Postgres => Expr::cust_with_exprs(
            "(CAST($1 AS jsonb) ->> $2) = $3",
            [column, Expr::value(name), Expr::value(value)],
        ),
        DbBackend::MySql => {
            Expr::cust_with_exprs("JSON_UNQUOTE(JSON_EXTRACT(?, ?)) = ?", [column, path, Expr::value(value)])
        }
        _ => Expr::cust_with_exprs("json_extract(?, ?) = ?", [column, path, Expr::value(value)]),
    }
}
