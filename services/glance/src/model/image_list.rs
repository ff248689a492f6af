//! What a list of images is asked for.

use chrono::{DateTime, Utc};
use contracts::identity::Caller;
use platform::{
    db::{
        list::{Kind, ListSpec, Paging},
        owned::Scope,
    },
    http::Query,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use super::{
    image::{Column, Entity},
    member, property, tag,
};
use crate::Error;

/// How lists of images are paged and sorted; filters are here.
pub static SPEC: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[],
    sorts: &[
        ("name", Column::Name),
        ("status", Column::Status),
        ("container_format", Column::ContainerFormat),
        ("disk_format", Column::DiskFormat),
        ("size", Column::Size),
        ("id", Column::Id),
        ("created_at", Column::CreatedAt),
        ("updated_at", Column::UpdatedAt),
    ],
    default_sort: &[("created_at", Order::Desc)],
    max_limit: Some(1000),
};

const DEFAULT_LIMIT: u64 = 25;

/// Paging and sorting in Glance's manner.
pub fn paging(query: &Query) -> Result<Paging, Error> {
    let invalid = |text: String| Err(Error::Invalid(text));
    let limit = match query.get("limit").map(str::parse::<i64>) {
        None => DEFAULT_LIMIT,
        Some(Ok(limit)) if limit >= 0 => limit.unsigned_abs(),
        Some(Ok(_)) => return invalid("limit param must be positive".into()),
        Some(Err(_)) => return invalid("limit param must be an integer".into()),
    };
    let key = |name: &str| {
        let name = name.trim();
        match SPEC.sorts.iter().any(|(known, _)| *known == name) {
            true => Ok(name.to_owned()),
            false => Err(Error::Invalid(format!(
                "Invalid sort key: {}. It must be one of the following: name, status, container_format, disk_format, size, id, created_at, updated_at.",
                name.chars().take(64).collect::<String>()
            ))),
        }
    };
    let direction = |name: &str| match name.trim() {
        "asc" => Ok(Order::Asc),
        "desc" => Ok(Order::Desc),
        name => Err(Error::Invalid(format!(
            "Invalid sort direction: {}",
            name.chars().take(64).collect::<String>()
        ))),
    };
    let keys: Vec<&str> = query.all("sort_key").collect();
    let directions: Vec<&str> = query.all("sort_dir").collect();
    let mut sort = Vec::new();
    if let Some(text) = query.get("sort") {
        if !keys.is_empty() || !directions.is_empty() {
            return invalid("Old and new sorting syntax cannot be combined".into());
        }
        for part in text.trim().split(',') {
            let (name, order) = part.split_once(':').unwrap_or((part, "desc"));
            sort.push((key(name)?, direction(if order.is_empty() { "desc" } else { order })?));
        }
    } else {
        if directions.len() > 1 && directions.len() != keys.len() {
            return invalid("Number of sort dirs does not match the number of sort keys".into());
        }
        let keys = if keys.is_empty() { vec!["created_at"] } else { keys };
        for (at, name) in keys.into_iter().enumerate() {
            let order = directions.get(at).or(directions.first()).copied().unwrap_or("desc");
            sort.push((key(name)?, direction(order)?));
        }
    }
    Ok(Paging { limit: Some(limit), marker: query.get("marker").map(str::to_owned), sort, reverse: false })
}

/// The images that the query asks for and the caller may see; `scope`: its own, or everybody's.
pub fn visible(query: &Query, caller: &Caller, scope: &Scope) -> Result<Select<Entity>, Error> {
    let project = caller.project_id().unwrap_or_default();
    let mut condition = Condition::all();
    let member_status = query.get("member_status").unwrap_or("accepted");
    if !["pending", "accepted", "rejected", "all"].contains(&member_status) {
        return Err(Error::Invalid(format!("Invalid status: {}", clip(member_status))));
    }
    if !scope.is_everybody() {
        condition = condition.add(visible_to(scope, project, member_status));
    }
    condition = condition.add(match query.get("visibility") {
        Some("all") => Condition::all(),
        Some(asked @ ("community" | "public" | "private" | "shared")) => {
            Condition::all().add(Column::Visibility.eq(asked))
        }
        Some(asked) => return Err(Error::Invalid(format!("Invalid visibility value: {}", clip(asked)))),
        // Those of the community are found only by who looks for them.
        None => Condition::any().add(Column::Owner.eq(project)).add(Column::Visibility.ne("community")),
    });
    condition = condition.add(Column::Hidden.eq(flag(query, "os_hidden")?.unwrap_or(false)));
    for (name, value) in &query.pairs {
        if let Some(filter) = filter(name, value, query)? {
            condition = condition.add(filter);
        }
    }
    Ok(Entity::find().filter(condition))
}

fn visible_to(scope: &Scope, project: &str, member_status: &str) -> Condition {
    let mut shared = member::Entity::find()
        .select_only()
        .column(member::Column::Image)
        .filter(member::Column::Member.eq(project));
    if member_status != "all" {
        shared = shared.filter(member::Column::Status.eq(member_status));
    }
    let shared = Condition::all()
        .add(Column::Visibility.eq("shared"))
        .add(Column::Id.in_subquery(shared.into_query()));
    Condition::any()
        .add(scope.by_project(Column::Owner))
        .add(Column::Owner.eq(""))
        .add(Column::Visibility.is_in(["public", "community"]))
        .add(shared)
}

fn filter(name: &str, value: &str, query: &Query) -> Result<Option<Condition>, Error> {
    let one = |condition: sea_orm::sea_query::Expr| Ok(Some(Condition::all().add(condition)));
    match name {
        "limit" | "marker" | "sort" | "sort_key" | "sort_dir" | "member_status" | "visibility"
        | "os_hidden" => Ok(None),
        "changes-since" => {
            Err(Error::Invalid("The \"changes-since\" filter is no longer available on v2.".into()))
        }
        "tag" => one(Column::Id.in_subquery(
            tag::Entity::find()
                .select_only()
                .column(tag::Column::Image)
                .filter(tag::Column::Tag.eq(value.trim()))
                .into_query(),
        )),
        "protected" => one(Column::Protected.eq(flag(query, "protected")?.unwrap_or(false))),
        "id" => {
            let ids: Vec<Uuid> = texts(value)?.iter().filter_map(|text| text.parse().ok()).collect();
            one(Column::Id.is_in(ids))
        }
        "name" => one(Column::Name.is_in(texts(value)?)),
        "status" => one(Column::Status.is_in(texts(value)?)),
        "container_format" => one(Column::ContainerFormat.is_in(texts(value)?)),
        "disk_format" => one(Column::DiskFormat.is_in(texts(value)?)),
        "owner" => one(Column::Owner.eq(value)),
        "checksum" => one(Column::Checksum.eq(value)),
        "os_hash_value" => one(Column::HashValue.eq(value)),
        "os_hash_algo" => one(match value {
            "sha512" => Column::HashValue.is_not_null(),
            _ => Column::Id.is_null(),
        }),
        "size" => one(Column::Size.eq(number(value)?)),
        "size_min" => one(Column::Size.gte(number(value)?)),
        "size_max" => {
            Ok(Some(Condition::all().add(Column::Size.lte(number(value)?)).add(Column::Size.gte(0))))
        }
        "virtual_size" => one(Column::VirtualSize.eq(number(value)?)),
        "min_ram" => one(Column::MinRam.eq(number(value)?)),
        "min_disk" => one(Column::MinDisk.eq(number(value)?)),
        "min_ram_min" => one(Column::MinRam.gte(number(value)?)),
        "min_ram_max" => one(Column::MinRam.lte(number(value)?)),
        "min_disk_min" => one(Column::MinDisk.gte(number(value)?)),
        "min_disk_max" => one(Column::MinDisk.lte(number(value)?)),
        "created_at" => one(compared(Column::CreatedAt, name, value)?),
        "updated_at" => one(compared(Column::UpdatedAt, name, value)?),
        custom => one(Column::Id.in_subquery(
            property::Entity::find()
                .select_only()
                .column(property::Column::Image)
                .filter(property::Column::Name.eq(custom))
                .filter(property::Column::Value.eq(value))
                .into_query(),
        )),
    }
}

fn flag(query: &Query, name: &str) -> Result<Option<bool>, Error> {
    match query.get(name).map(str::to_ascii_lowercase).as_deref() {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(other) => Err(Error::Invalid(format!(
            "Invalid value '{}' for '{name}' filter. Valid values are 'true' or 'false'.",
            clip(other)
        ))),
    }
}

fn number(value: &str) -> Result<i64, Error> {
    value.parse().map_err(|_| Error::Invalid("Unable to filter on a range with a non-numeric value.".into()))
}

/// `in:a,"b,c"`, or one value, perhaps after `eq:`.
fn texts(value: &str) -> Result<Vec<String>, Error> {
    match value.split_once(':') {
        None => Ok(vec![value.to_owned()]),
        Some(("eq", one)) => Ok(vec![one.to_owned()]),
        Some(("in", list)) => quoted(list),
        Some((operator, _)) => {
            Err(Error::Invalid(format!("Unable to filter by unknown operator '{}'.", clip(operator))))
        }
    }
}

/// A list with commas, whose values may stand in quotes.
fn quoted(list: &str) -> Result<Vec<String>, Error> {
    let wrong = |why: &str| Error::Invalid(format!("Invalid filter value {}. {why}", clip(list)));
    let mut values = Vec::new();
    let mut rest = list;
    loop {
        let value;
        if let Some(inner) = rest.strip_prefix('"') {
            let mut text = String::new();
            let mut characters = inner.char_indices();
            let end = loop {
                match characters.next() {
                    None => return Err(wrong("The quote is not closed.")),
                    Some((_, '\\')) => text.extend(characters.next().map(|(_, next)| next)),
                    Some((at, '"')) => break at,
                    Some((_, other)) => text.push(other),
                }
            };
            rest = &inner[end + 1..];
            if !rest.is_empty() && !rest.starts_with(',') {
                return Err(wrong("There is no comma after closing quotation mark."));
            }
            value = text;
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            if rest[..end].contains('"') {
                return Err(wrong("There is no comma before opening quotation mark."));
            }
            value = rest[..end].to_owned();
            rest = &rest[end..];
        }
        values.push(value);
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Ok(values),
        }
    }
}

fn compared(column: Column, name: &str, value: &str) -> Result<sea_orm::sea_query::Expr, Error> {
    let (operator, text) = match instant(value) {
        Some(_) => ("eq", value),
        None => value.split_once(':').unwrap_or(("eq", value)),
    };
    let at = instant(text).ok_or_else(|| {
        Error::Invalid(format!("Bad \"{name}\" query filter format. Use ISO 8601 DateTime notation."))
    })?;
    Ok(match operator {
        "gt" => column.gt(at),
        "gte" => column.gte(at),
        "lt" => column.lt(at),
        "lte" => column.lte(at),
        "neq" => column.ne(at),
        "eq" => column.eq(at),
        _ => return Err(Error::Invalid("Unable to filter on a unknown operator.".into())),
    })
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let plain = text.trim_end_matches('Z');
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| chrono::NaiveDateTime::parse_from_str(plain, format).ok())
        .or_else(|| {
            chrono::NaiveDate::parse_from_str(plain, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(0, 0, 0))
        })
        .map(|at| at.and_utc())
}

fn clip(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_may_quote_their_values() {
        assert_eq!(texts("in:a,\"b,c\",d").unwrap(), ["a", "b,c", "d"]);
        assert_eq!(texts("plain").unwrap(), ["plain"]);
        assert_eq!(texts("in:\"a\\\"b\"").unwrap(), ["a\"b"]);
        for bad in ["in:\"a", "in:a\"b\"", "in:\"a\"b", "like:a"] {
            assert!(texts(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_are_iso_8601() {
        assert!(instant("2026-01-01T00:00:00Z").is_some());
        assert!(instant("2026-01-01T00:00:00+02:00").is_some());
        assert!(instant("2026-01-01").is_some());
        assert!(instant("yesterday").is_none());
    }

    #[test]
    fn sorting_is_asked_for_in_two_ways_and_never_in_both() {
        let read = |text: &str| paging(&Query::parse(text));
        assert_eq!(read("sort=name:asc,size").unwrap().sort.len(), 2);
        assert_eq!(read("sort_key=name&sort_key=size&sort_dir=asc").unwrap().sort[1].1, Order::Asc);
        for bad in [
            "sort=name&sort_key=size",
            "sort_key=nonsense",
            "sort=name:up",
            "sort_key=name&sort_dir=asc&sort_dir=desc",
            "limit=x",
            "limit=-1",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
