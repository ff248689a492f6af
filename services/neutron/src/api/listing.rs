//! Lists: filters beyond equal columns (tags, addresses, groups), and that no filter is unknown.

use platform::{
    db::list::{self, ListSpec, Page, Paging},
    http::Query,
};
use sea_orm::{EntityTrait, QueryFilter, Select};

use crate::{Neutron, error::Error, model::tag};

/// Names in a query that are no filters.
const PAGING: &[&str] = &["fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir", "verbose"];

/// Reads a page. `besides` are filters that the caller has put into `select` already.
pub(crate) async fn page<E>(
    neutron: &Neutron,
    select: Select<E>,
    spec: &ListSpec<E>,
    query: &Query,
    besides: &[&str],
) -> Result<Page<E::Model>, Error>
where
    E: EntityTrait,
    E::Model: Sync,
{
    let known = |name: &str| {
        PAGING.contains(&name)
            || tag::FILTERS.contains(&name)
            || besides.contains(&name)
            || spec.filters.iter().any(|(known, _, _)| *known == name)
    };
    let unknown: Vec<&str> =
        query.pairs.iter().map(|(name, _)| name.as_str()).filter(|name| !known(name)).collect();
    if !unknown.is_empty() {
        let shown: Vec<String> = unknown.iter().map(|name| format!("'{name}'")).collect();
        return Err(Error::bad_request(format!("[{}] is invalid attribute for filtering", shown.join(", "))));
    }
    if let Some(wrong) = query.get("limit").filter(|text| text.parse::<u64>().is_err()) {
        let shown: String = wrong.chars().take(40).collect();
        let reason = format!("Limit must be an integer 0 or greater and not '{shown}'");
        return Err(Error::bad_resource("limit", reason));
    }
    if let Some(wrong) = query.all("sort_dir").find(|text| !["asc", "desc"].contains(text)) {
        let shown: String = wrong.chars().take(40).collect();
        return Err(Error::bad_request(format!(
            "['{shown}'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'"
        )));
    }
    let mut paging = Paging::read(query)?;
    // Without a limit there is no paging: all is answered.
    paging.limit = paging.limit.filter(|limit| *limit > 0);
    if let Some((other, _)) =
        paging.sort.iter().find(|(name, _)| !spec.sorts.iter().any(|(known, _)| known == name))
    {
        return Err(Error::bad_request(format!("['{other}'] is invalid attribute for sort_keys")));
    }
    let select = list::filter(select.filter(tag::asked_for(spec.id, query)), spec, query)?;
    Ok(list::page_of(neutron.db.read(), select, spec, &paging).await?)
}
