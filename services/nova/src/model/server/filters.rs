//! What lists of servers can be filtered by: in the database where it can, in the rows of a page where a regular
//! expression is asked for.

use platform::{
    db::owned::Scope,
    http::{Fault, Query},
    wire::Version,
};
use regex::{Regex, RegexBuilder};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, Select,
    sea_query::{Expr, ExprTrait, Func},
};
use uuid::Uuid;

use super::row::{Column, Entity, Model};
use crate::{
    model::server_tag,
    server::state::{VmState, of_status},
    times,
};

/// In which version a list is asked for, and whether by somebody who may use all filters.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    /// The version.
    pub version: Version,
    /// Whether all filters are theirs.
    pub all_filters: bool,
}

/// Filters that the database does not do.
#[derive(Default)]
pub struct InRows {
    name: Option<Regex>,
    ip: Option<Regex>,
    ip6: Option<Regex>,
}

impl InRows {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.ip.is_none() && self.ip6.is_none()
    }

    /// Whether a row passes.
    pub fn pass(&self, row: &Model) -> bool {
        let any = |regex: &Regex, six: bool| {
            let mut ips = row.addresses.0.iter().flat_map(|card| &card.ips);
            ips.any(|(_, fixed, floating)| {
                [Some(*fixed), *floating]
                    .into_iter()
                    .flatten()
                    .any(|address| address.is_ipv6() == six && regex.is_match(&address.to_string()))
            })
        };
        self.name.as_ref().is_none_or(|regex| regex.is_match(&row.name))
            && self.ip.as_ref().is_none_or(|regex| any(regex, false))
            && self.ip6.as_ref().is_none_or(|regex| any(regex, true))
    }
}

/// What a query asks for, of a scope. `None`: nothing can pass.
pub fn filtered(
    scope: &Scope,
    query: &Query,
    asking: Asking,
) -> Result<Option<(Select<Entity>, InRows)>, Fault> {
    let select = Entity::find().filter(scope.by_project(Column::ProjectId));
    let mut in_rows = InRows::default();
    let Asking { version, all_filters } = asking;
    let Some(mut select) = deleted(query, select, all_filters)? else { return Ok(None) };
    select = changed(version, query, select)?;
    if let Some(pattern) = query.get("name") {
        match plain(pattern) {
            true => {
                // Databases differ in whether LIKE minds the case.
                let lower = Expr::expr(Func::lower(Expr::col((Entity, Column::Name))));
                select = select.filter(lower.like(format!("%{}%", pattern.to_lowercase())));
            }
            false => in_rows.name = Some(regex("name", pattern)?),
        }
    }
    in_rows.ip = query.get("ip").map(|pattern| regex("ip", pattern)).transpose()?;
    let six = all_filters || version >= Version::new(2, 5);
    in_rows.ip6 = query.get("ip6").filter(|_| six).map(|pattern| regex("ip6", pattern)).transpose()?;
    select = texts(version, query, select, all_filters);
    for (name, column) in [("image", Column::ImageId), ("uuid", Column::Id)] {
        if name == "uuid" && !all_filters {
            continue;
        }
        let asked: Vec<&str> = query.all(name).collect();
        if !asked.is_empty() {
            select = select.filter(column.is_in(asked.iter().filter_map(|text| Uuid::parse_str(text).ok())));
        }
    }
    if all_filters && let Some(host) = query.get("host").or(query.get("node")) {
        select = select.filter(Column::Host.eq(host));
    }
    if version >= Version::new(2, 73)
        && let Some(locked) = query.flag("locked")?
    {
        select = select.filter(Column::Locked.eq(locked));
    }
    if version >= Version::new(2, 26) {
        select = tags(query, select);
    }
    Ok(Some((select, in_rows)))
}

fn plain(pattern: &str) -> bool {
    pattern.chars().all(|c| c.is_alphanumeric() || c == '-' || c == ' ')
}

fn regex(name: &str, pattern: &str) -> Result<Regex, Fault> {
    RegexBuilder::new(pattern).case_insensitive(true).size_limit(1 << 20).build().map_err(|_| {
        Fault::bad_request(format!(
            "Invalid input for query parameters {name}. Value: {pattern}. It is not a regular expression."
        ))
    })
}

/// `status`, `deleted`, `vm_state`: what is gone is shown only to who asks for it.
fn deleted(query: &Query, mut select: Select<Entity>, admin: bool) -> Result<Option<Select<Entity>>, Fault> {
    let statuses: Vec<&str> = query.all("status").collect();
    let mut gone = match query.get("deleted") {
        Some(_) if admin => query.flag("deleted").unwrap_or(Some(false)),
        _ => None,
    };
    if !statuses.is_empty() {
        let mut any = Condition::any();
        let mut known = false;
        for (states, tasks) in statuses.iter().filter_map(|status| of_status(status)) {
            known = true;
            if states.contains(&VmState::Deleted) {
                if !admin {
                    return Err(Fault::forbidden("Only administrators may list deleted instances"));
                }
                gone = Some(true);
            }
            let mut all =
                Condition::all().add(Column::VmState.is_in(states.iter().map(|state| state.name())));
            if let Some(tasks) = tasks {
                all = all.add(Column::TaskState.is_in(tasks.iter().map(|task| task.name())));
            }
            any = any.add(all);
        }
        if !known {
            return Ok(None);
        }
        select = select.filter(any);
    }
    let since = query.get("changes-since").is_some() || query.get("changes-before").is_some();
    Ok(Some(match gone {
        Some(gone) => select.filter(Column::Deleted.eq(gone)),
        None if since => select,
        None => select.filter(Column::Deleted.eq(false)),
    }))
}

fn changed(version: Version, query: &Query, mut select: Select<Entity>) -> Result<Select<Entity>, Fault> {
    let time = |name: &str| match query.get(name) {
        None => Ok(None),
        Some(text) => times::parse(text).map(Some).ok_or_else(|| {
            Fault::bad_request(format!(
                "Invalid input for query parameters {name}. Value: {text}. '{text}' is not a 'date-time'"
            ))
        }),
    };
    let since = time("changes-since")?;
    if let Some(since) = since {
        select = select.filter(Column::UpdatedAt.gte(since));
    }
    if version >= Version::new(2, 66)
        && let Some(before) = time("changes-before")?
    {
        if since.is_some_and(|since| since > before) {
            return Err(Fault::bad_request(
                "The value of changes-since must be less than or equal to changes-before.",
            ));
        }
        select = select.filter(Column::UpdatedAt.lte(before));
    }
    Ok(select)
}

/// Filters of equal texts. Those from the second list are for administrators before 2.83.
fn texts(version: Version, query: &Query, mut select: Select<Entity>, admin: bool) -> Select<Entity> {
    let everybody = [("flavor", Column::FlavorId), ("reservation_id", Column::ReservationId)];
    let later = [
        ("availability_zone", Column::AvailabilityZone),
        ("key_name", Column::KeyName),
        ("vm_state", Column::VmState),
        ("task_state", Column::TaskState),
        ("user_id", Column::UserId),
    ];
    let restricted = [
        ("hostname", Column::Hostname),
        ("root_device_name", Column::RootDeviceName),
        ("description", Column::Description),
        ("access_ip_v4", Column::AccessIpV4),
        ("access_ip_v6", Column::AccessIpV6),
        ("locked_by", Column::LockedBy),
    ];
    let later_too = admin || version >= Version::new(2, 83);
    let groups: [(bool, &[(&str, Column)]); 3] =
        [(true, &everybody), (later_too, &later), (admin, &restricted)];
    for (name, column) in groups.into_iter().filter(|(may, _)| *may).flat_map(|(_, group)| group) {
        let asked: Vec<&str> = query.all(name).collect();
        if !asked.is_empty() {
            select = select.filter(column.is_in(asked));
        }
    }
    if later_too {
        for (name, column) in [("power_state", Column::PowerState), ("progress", Column::Progress)] {
            if let Some(number) = query.get(name).and_then(|text| text.parse::<i32>().ok()) {
                select = select.filter(column.eq(number));
            }
        }
        if let Ok(Some(drive)) = query.flag("config_drive") {
            select = select.filter(Column::ConfigDrive.eq(drive));
        }
    }
    select
}

fn tags(query: &Query, mut select: Select<Entity>) -> Select<Entity> {
    let asked = |name: &str| -> Option<Vec<&str>> { query.get(name).map(|text| text.split(',').collect()) };
    for tag in asked("tags").into_iter().flatten() {
        select = select.filter(Column::Id.in_subquery(server_tag::having(vec![tag])));
    }
    if let Some(any) = asked("tags-any") {
        select = select.filter(Column::Id.in_subquery(server_tag::having(any)));
    }
    if let Some(none) = asked("not-tags-any") {
        select = select.filter(Column::Id.not_in_subquery(server_tag::having(none)));
    }
    if let Some(not_all) = asked("not-tags") {
        let mut any = Condition::any();
        for tag in not_all {
            any = any.add(Column::Id.not_in_subquery(server_tag::having(vec![tag])));
        }
        select = select.filter(any);
    }
    select
}
