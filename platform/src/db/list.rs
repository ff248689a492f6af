//! Lists by page: filters, sorting and markers for every list of every service, from one declaration.
//!
//! A page costs what it holds: the marker becomes a condition on the sorted columns (never an offset), so the database
//! goes along an index. Sort and filter columns must be indexed and not null.

use std::str::FromStr;

use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait, IdenStatic, Iterable, ModelTrait, Order,
    PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect, Select, Value,
};
use uuid::Uuid;

use crate::{
    http::{Fault, Query},
    wire::time,
};

/// What kind of value a filter compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text, equal to the letter.
    Text,
    /// A UUID. What is no UUID equals nothing.
    Uuid,
    /// A boolean in OpenStack's spelling. What is none is refused.
    Bool,
    /// A whole number. What is none is refused.
    Int,
    /// A time, or times with what they are to be to it: `gte:2026-01-01T00:00:00,lt:2026-02-01T00:00:00`. What is none
    /// is refused.
    Time,
}

/// What a list can be filtered and sorted by.
#[derive(Debug)]
pub struct ListSpec<E: EntityTrait + 'static> {
    /// The column by which resources are known, and the last to be sorted by.
    pub id: E::Column,
    /// Whether `id` holds UUIDs (else texts).
    pub id_kind: Kind,
    /// Names in the query, and their columns. A name that comes again means any of its values.
    pub filters: &'static [(&'static str, E::Column, Kind)],
    /// Names to sort by, and their columns.
    pub sorts: &'static [(&'static str, E::Column)],
    /// The order when none is asked for.
    pub default_sort: &'static [(&'static str, Order)],
    /// The most that one page holds, and what it holds when no limit is asked for. `None`: no limit unless asked for.
    pub max_limit: Option<u64>,
}

/// A list as declared, by the names of its columns: for the walk that looks for their indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredList {
    /// The table.
    pub table: String,
    /// The column by which resources are known.
    pub id: String,
    /// Names in the query, and their columns.
    pub filters: Vec<(&'static str, String)>,
    /// Names to sort by, and their columns.
    pub sorts: Vec<(&'static str, String)>,
    /// Columns of the order when none is asked for, the id last, and whether each goes downwards.
    pub order: Vec<(String, bool)>,
}

impl<E: EntityTrait> ListSpec<E> {
    /// What is declared here, by the names of its columns.
    pub fn declared(&self) -> DeclaredList {
        let named = |column: &E::Column| column.as_str().to_owned();
        let order = keys(self, &Paging::default()).unwrap_or_default();
        DeclaredList {
            table: E::default().table_name().to_owned(),
            id: named(&self.id),
            filters: self.filters.iter().map(|(name, column, _)| (*name, named(column))).collect(),
            sorts: self.sorts.iter().map(|(name, column)| (*name, named(column))).collect(),
            order: order.iter().map(|(column, order)| (named(column), *order == Order::Desc)).collect(),
        }
    }
}

/// A page.
#[derive(Debug)]
pub struct Page<M> {
    /// What it holds, in order.
    pub items: Vec<M>,
    /// Whether there is more behind it.
    pub more: bool,
}

/// What a query asks of a list besides filters.
#[derive(Debug, Default)]
pub struct Paging {
    /// The most the page holds.
    pub limit: Option<u64>,
    /// It begins after the resource of that id.
    pub marker: Option<String>,
    /// Names to sort by.
    pub sort: Vec<(String, Order)>,
    /// Backwards, for `page_reverse`.
    pub reverse: bool,
}

impl Paging {
    /// Reads `limit`, `marker`, `sort_key` and `sort_dir` (again and again), `sort=key:dir,key`, `page_reverse`.
    pub fn read(query: &Query) -> Result<Self, Fault> {
        let limit = match query.get("limit") {
            None => None,
            Some(text) => Some(text.parse::<u64>().map_err(|_| {
                Fault::bad_request(format!(
                    "Invalid input for query parameters limit. Value: {}. It is not a non-negative integer.",
                    text.chars().take(40).collect::<String>()
                ))
            })?),
        };
        let order = |text: &str| match text.to_ascii_lowercase().as_str() {
            "asc" => Ok(Order::Asc),
            "desc" => Ok(Order::Desc),
            _ => Err(Fault::bad_request("Unknown sort direction, must be one of: asc, desc.")),
        };
        let mut sort = Vec::new();
        for part in query.all("sort").flat_map(|text| text.split(',')).filter(|part| !part.is_empty()) {
            let (key, direction) = part.split_once(':').unwrap_or((part, "desc"));
            sort.push((key.trim().to_owned(), order(direction.trim())?));
        }
        let directions: Vec<&str> = query.all("sort_dir").collect();
        for (at, key) in query.all("sort_key").enumerate() {
            let direction = directions.get(at).or(directions.last()).copied();
            sort.push((key.to_owned(), direction.map_or(Ok(Order::Asc), order)?));
        }
        Ok(Self {
            limit,
            marker: query.get("marker").map(str::to_owned),
            sort,
            reverse: query.flag("page_reverse")?.unwrap_or(false),
        })
    }
}

/// Adds the filters that the query names; names that the declaration does not know are left to the caller.
pub fn filter<E: EntityTrait>(
    mut select: Select<E>,
    spec: &ListSpec<E>,
    query: &Query,
) -> Result<Select<E>, Fault> {
    for (name, column, kind) in spec.filters {
        let mut values = Vec::new();
        let mut asked = false;
        for text in query.all(name) {
            if *kind == Kind::Time {
                select = select.filter(times(name, *column, text)?);
                continue;
            }
            asked = true;
            match kind {
                Kind::Time => {}
                Kind::Text => values.push(Value::from(text)),
                Kind::Uuid => values.extend(Uuid::from_str(text).ok().map(Value::from)),
                Kind::Bool => values.extend(query.flag(name)?.map(Value::from)),
                Kind::Int => values.push(Value::from(text.parse::<i64>().map_err(|_| {
                    Fault::bad_request(format!("Invalid input for query parameters {name}. Value: {text}"))
                })?)),
            }
        }
        if asked {
            select = select.filter(column.is_in(values));
        }
    }
    Ok(select)
}

/// The conditions that `gt:TIME,lte:TIME` puts on a column.
fn times(name: &str, column: impl ColumnTrait, text: &str) -> Result<Condition, Fault> {
    let mut all = Condition::all();
    for part in text.split(',') {
        let operators = ["gte:", "gt:", "lte:", "lt:", "neq:", "eq:"];
        let found = operators.into_iter().find_map(|operator| Some((operator, part.strip_prefix(operator)?)));
        let (operator, time) = found.unwrap_or(("eq:", part));
        let time = time::read(time).ok_or_else(|| {
            let part: String = part.chars().take(40).collect();
            Fault::bad_request(format!("Invalid input for query parameters {name}. Value: {part}"))
        })?;
        all = all.add(match operator {
            "gte:" => column.gte(time),
            "gt:" => column.gt(time),
            "lte:" => column.lte(time),
            "lt:" => column.lt(time),
            "neq:" => column.ne(time),
            _ => column.eq(time),
        });
    }
    Ok(all)
}

/// Filters, sorts, and reads one page.
pub async fn page<E>(
    db: &DatabaseConnection,
    select: Select<E>,
    spec: &ListSpec<E>,
    query: &Query,
) -> Result<Page<E::Model>, Fault>
where
    E: EntityTrait,
    E::Model: Sync,
{
    let paging = Paging::read(query)?;
    page_of(db, filter(select, spec, query)?, spec, &paging).await
}

/// Sorts, and reads one page.
pub async fn page_of<E>(
    db: &DatabaseConnection,
    mut select: Select<E>,
    spec: &ListSpec<E>,
    paging: &Paging,
) -> Result<Page<E::Model>, Fault>
where
    E: EntityTrait,
    E::Model: Sync,
{
    let keys = keys(spec, paging)?;
    if let Some(marker) = &paging.marker {
        let missing = || {
            Fault::bad_request(format!("marker [{}] not found", marker.chars().take(64).collect::<String>()))
        };
        let id = match spec.id_kind {
            Kind::Uuid => Value::from(Uuid::from_str(marker).map_err(|_| missing())?),
            _ => Value::from(marker.as_str()),
        };
        let row = select.clone().filter(spec.id.eq(id)).one(db).await?.ok_or_else(missing)?;
        select = select.filter(behind(&keys, &row));
    }
    for (column, order) in &keys {
        select = select.order_by(*column, order.clone());
    }
    let limit = match (paging.limit, spec.max_limit) {
        (Some(0), Some(max)) => Some(max),
        (Some(asked), Some(max)) => Some(asked.min(max)),
        (asked, max) => asked.or(max),
    };
    if let Some(limit) = limit {
        select = select.limit(limit.saturating_add(1));
    }
    let mut items = select.all(db).await?;
    let more = limit.is_some_and(|limit| items.len() as u64 > limit);
    if let Some(limit) = limit {
        items.truncate(limit as usize);
    }
    if paging.reverse {
        items.reverse();
    }
    Ok(Page { items, more })
}

/// The columns to sort by, the id last so that the order is total.
fn keys<E: EntityTrait>(spec: &ListSpec<E>, paging: &Paging) -> Result<Vec<(E::Column, Order)>, Fault> {
    let default: Vec<(String, Order)> =
        spec.default_sort.iter().map(|(name, order)| ((*name).to_owned(), order.clone())).collect();
    let asked = if paging.sort.is_empty() { &default } else { &paging.sort };
    let mut keys = Vec::new();
    for (name, order) in asked {
        let Some((_, column)) = spec.sorts.iter().find(|(known, _)| known == name) else {
            return Err(Fault::bad_request(format!(
                "Sort key supplied is invalid: {}",
                name.chars().take(64).collect::<String>()
            )));
        };
        keys.push((*column, order.clone()));
    }
    let last = keys.last().map_or(Order::Asc, |(_, order)| order.clone());
    keys.push((spec.id, last));
    if paging.reverse {
        for (_, order) in &mut keys {
            *order = if *order == Order::Desc { Order::Asc } else { Order::Desc };
        }
    }
    Ok(keys)
}

/// Behind the marker in the order of the keys: (a > A) or (a = A and b > B) or ...
fn behind<M: ModelTrait>(keys: &[(<M::Entity as EntityTrait>::Column, Order)], row: &M) -> Condition {
    // What the first key alone says is said apart: databases don't go along an index by an OR.
    let Some((first, order)) = keys.first() else { return Condition::all() };
    let value = row.get(*first);
    let bound = if *order == Order::Desc { first.lte(value) } else { first.gte(value) };
    let mut any = Condition::any();
    for at in 0..keys.len() {
        let mut all = Condition::all();
        for (column, _) in &keys[..at] {
            all = all.add(column.eq(row.get(*column)));
        }
        let (column, order) = &keys[at];
        let value = row.get(*column);
        all = all.add(if *order == Order::Desc { column.lt(value) } else { column.gt(value) });
        any = any.add(all);
    }
    Condition::all().add(bound).add(any)
}

/// How many rows a selection has.
pub async fn count<E>(db: &impl sea_orm::ConnectionTrait, select: Select<E>) -> Result<u64, DbErr>
where
    E: EntityTrait,
{
    use sea_orm::sea_query::{Expr, Func};
    let id = <E::PrimaryKey as Iterable>::iter().next().map(PrimaryKeyToColumn::into_column);
    let Some(id) = id else { return Ok(0) };
    let counted: Option<i64> = select
        .select_only()
        .column_as(Expr::expr(Func::count(Expr::col((E::default(), id)))), "counted")
        .into_tuple()
        .one(db)
        .await?;
    Ok(counted.unwrap_or(0).max(0) as u64)
}
