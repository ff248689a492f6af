//! What Pileus serves of OpenStack, operation by operation: every route is one of OpenStack's, in its microversions, and
//! `docs/compatibility.md` is made of both tables.

use std::{collections::BTreeMap, fmt::Write};

use platform::wire::{Range, Version};

use super::{
    documents::{cell, check},
    house::{House, Part},
    openapi::{self, Known, Name, Operations},
};

/// Routes that the OpenAPI data does not have: service, method and path, why.
const EXTENSIONS: &[(&str, &str, &str)] = &[
    ("/identity", "GET /v3/OS-INHERIT/projects/{}/groups/{}/roles/inherited_to_projects", INHERITED),
    ("/identity", "GET /v3/OS-INHERIT/projects/{}/users/{}/roles/inherited_to_projects", INHERITED),
    ("/image", "GET /", VERSIONS),
    ("/image", "GET /v2", VERSIONS),
    ("/image", "GET /versions", VERSIONS),
    ("/image", "GET /v2/schemas/{}", "one route for the schemas, which are listed one by one"),
    ("/image", "GET /v2/schemas/metadefs/{}", "one route for the schemas, which are listed one by one"),
    ("/compute", "GET /", VERSIONS),
    ("/compute", "GET /v2", VERSIONS),
    ("/networking", "GET /", VERSIONS),
    ("/networking", "GET /v2.0", VERSIONS),
    ("/networking", "GET /v2.0/quotas/project", "clients ask by it which project they are in"),
    ("/networking", "GET /v2.0/quotas/tenant", "clients ask by it which project they are in"),
    (
        "/networking",
        "GET /v2.0/quotas/{}/default.json",
        "Neutron takes a path with .json too, and clients ask so",
    ),
    (
        "/networking",
        "GET /v2.0/quotas/{}/details.json",
        "Neutron takes a path with .json too, and clients ask so",
    ),
    ("/volume", "GET /", VERSIONS),
    ("/volume", "GET /malformed-request-url", "it refuses paths that name another project than the token"),
    ("/volume", "GET /v3/extensions/{}", "Cinder shows single extensions as well"),
    ("/volume", "PUT /v3/os-services/{}", "one route for the actions, which are listed one by one"),
];
const VERSIONS: &str = "a document of versions";
const INHERITED: &str = "the list beside the grants, which Keystone has for domains only";

/// Microversions that the OpenAPI data says otherwise: service, method and path (and action), why.
const OTHER_VERSIONS: &[(&str, &str, &str)] = &[
    (
        "/compute",
        "POST /v2.1/servers/{}/action migrate",
        "until 2.55 its body is null, of which the data has no schema",
    ),
    (
        "/compute",
        "POST /v2.1/servers/{}/action unlock",
        "the data has the bounds of its schema: the action stays",
    ),
    (
        "/compute",
        "POST /v2.1/servers/{}/action os-getRDPConsole",
        "Nova has it until 2.5, as the other consoles",
    ),
    (
        "/placement",
        "DELETE /resource_providers/{}/inventories",
        "before 1.5 it answers 405, as Placement does, not 404",
    ),
    ("/volume", "GET /v3/volume-transfers", TRANSFERS),
    ("/volume", "GET /v3/volume-transfers/detail", TRANSFERS),
    ("/volume", "GET /v3/volume-transfers/{}", TRANSFERS),
    ("/volume", "DELETE /v3/volume-transfers/{}", TRANSFERS),
    ("/volume", "POST /v3/volume-transfers/{}/accept", TRANSFERS),
    (
        "/volume",
        "POST /v3/volumes/{}/action os-volume_upload_image",
        "the data has the bounds of its first schemas",
    ),
];
const TRANSFERS: &str = "Cinder bounds no version of these paths, only what they take and show";

/// Paths of the data that a route with a parameter serves: service, path of the route.
const ONE_BY_ONE: [(&str, &str); 3] =
    [("/image", "/v2/schemas/{}"), ("/image", "/v2/schemas/metadefs/{}"), ("/volume", "/v3/os-services/{}")];

/// What Pileus does not serve though a route of the table above would match it.
const REFUSED: [&str; 2] = ["/v3/os-services/get-log", "/v3/os-services/set-log"];

/// How an operation of the data is served, if it is.
fn serving(part: &Part, served: &BTreeMap<Name, Range>, name: &Name) -> Option<Range> {
    if let Some(range) = served.get(name) {
        return Some(*range);
    }
    let (folder, _) = name.path.rsplit_once('/')?;
    let path = format!("{folder}/{{}}");
    let one = ONE_BY_ONE.contains(&(part.place, path.as_str())) && !REFUSED.contains(&name.path.as_str());
    one.then(|| served.get(&Name { path, ..name.clone() }).copied()).flatten()
}

/// What a service serves.
fn served(part: &Part) -> BTreeMap<Name, Range> {
    let mut all = BTreeMap::new();
    for route in &part.routes {
        let name = Name { path: openapi::plain(route.path), method: route.method.to_string(), action: None };
        if route.actions.is_empty() {
            all.insert(name, route.versions);
            continue;
        }
        for action in &route.actions {
            let versions = Range {
                since: action.versions.since.max(route.versions.since),
                until: action.versions.until.or(route.versions.until),
            };
            all.insert(Name { action: Some(action.name.to_owned()), ..name.clone() }, versions);
        }
    }
    // GET answers HEAD as well.
    let heads: Vec<_> = all
        .iter()
        .filter(|(name, _)| name.method == "GET")
        .map(|(name, range)| (name.clone(), *range))
        .collect();
    for (name, range) in heads {
        all.entry(Name { method: "HEAD".into(), ..name }).or_insert(range);
    }
    all
}

fn called(name: &Name) -> String {
    let path = if name.path.is_empty() { "/" } else { &name.path };
    match &name.action {
        Some(action) => format!("{} {path} {action}", name.method),
        None => format!("{} {path}", name.method),
    }
}

/// The same range as the service's own: bounds at its ends say nothing.
fn narrowed(part: &Part, range: Range) -> Range {
    let Some(all) = part.scheme.microversions else { return Range::default() };
    Range {
        since: range.since.filter(|since| *since > all.min),
        until: range.until.filter(|until| *until < all.max),
    }
}

fn listed<'a>(table: &'a [(&str, &str, &str)], part: &Part, name: &str) -> Option<&'a str> {
    table.iter().find(|(place, of, _)| *place == part.place && *of == name).map(|(.., why)| *why)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_openstack_s_and_the_table_of_compatibility_is_up_to_date() {
    let house = House::open().await;
    let data = openapi::read();
    let mut body = String::from(
        "# Compatibility\n\n\
         Every operation of the public OpenAPI descriptions of OpenStack, and whether Pileus serves it. An action that a\n\
         body names (`{\"os-start\": null}`) counts as an operation of its own; so does each form that microversions have\n\
         given to a body.\n",
    );
    let mut sections = String::new();
    writeln!(body, "\n| service | operations | served | forms of bodies | served |\n|---|---|---|---|---|")
        .unwrap();
    for part in &house.parts {
        let Some((_, operations)) = data.iter().find(|(place, _)| *place == part.place) else {
            println!("{}: OpenStack publishes no description of {}", part.place, part.scheme.name);
            continue;
        };
        let served = served(part);
        compare(&house, part, operations, &served);
        let forms = |served_only: bool| -> usize {
            let one = |(name, known): (&Name, &Known)| match (known.forms.len(), serving(part, &served, name))
            {
                (0, range) => usize::from(range.is_some() || !served_only),
                (all, _) if !served_only => all,
                (_, None) => 0,
                (_, Some(range)) => known.forms.iter().filter(|form| overlap(part, &range, form)).count(),
            };
            operations.iter().map(one).sum()
        };
        let there = operations.keys().filter(|name| serving(part, &served, name).is_some()).count();
        let title = format!("{} ({})", part.scheme.service_type, part.scheme.name);
        writeln!(body, "| {title} | {} | {there} | {} | {} |", operations.len(), forms(false), forms(true))
            .unwrap();
        write!(sections, "\n## {title}\n\n| operation | action | served | microversions | forms of the body since |\n|---|---|---|---|---|\n").unwrap();
        for (name, known) in operations {
            let range = serving(part, &served, name);
            let action = name.action.as_ref().map(|action| format!("`{action}`")).unwrap_or_default();
            let since: Vec<String> =
                known.forms.iter().filter_map(|form| form.since).map(|since| since.to_string()).collect();
            writeln!(
                sections,
                "| `{} {}` | {action} | {} | {} | {} |",
                name.method,
                cell(&known.shown),
                if range.is_some() { "yes" } else { "no" },
                range.map(|range| words(part, range)).unwrap_or_default(),
                since.join(", ")
            )
            .unwrap();
        }
    }
    let mut besides = String::from(
        "\n## Besides\n\nWhat Pileus serves and the descriptions do not have.\n\n| operation | why |\n|---|---|\n",
    );
    for (place, name, why) in EXTENSIONS {
        writeln!(besides, "| `{place}`: `{}` | {} |", cell(name), cell(why)).unwrap();
    }
    for (place, name, why) in EXTENSIONS.iter().chain(OTHER_VERSIONS) {
        println!("{place} {name}: {why}");
    }
    house.verdict();
    check("compatibility.md", "compatibility", &format!("{body}{sections}{besides}"));
}

fn overlap(part: &Part, served: &Range, form: &Range) -> bool {
    let (served, form) = (narrowed(part, *served), narrowed(part, *form));
    let ends_before =
        |a: Range, b: Range| matches!((a.until, b.since), (Some(until), Some(since)) if until < since);
    !ends_before(served, form) && !ends_before(form, served)
}

fn words(part: &Part, range: Range) -> String {
    let Some(all) = part.scheme.microversions else { return String::new() };
    let version = |version: Option<Version>, otherwise: Version| version.unwrap_or(otherwise).to_string();
    format!("{} to {}", version(range.since, all.min), version(range.until, all.max))
}

/// What is served must be known, in the same microversions.
fn compare(house: &House, part: &Part, operations: &Operations, served: &BTreeMap<Name, Range>) {
    for (name, range) in served.iter().filter(|(name, _)| name.method != "HEAD") {
        let called = called(name);
        let excused = listed(EXTENSIONS, part, &called);
        let Some(known) = operations.get(name) else {
            if excused.is_none() {
                house.complain(format!("{}: {called} is not in the OpenAPI data", part.place));
            }
            continue;
        };
        if excused.is_some() {
            house.complain(format!("{}: {called} is in the OpenAPI data after all", part.place));
        }
        let (ours, theirs) = (narrowed(part, *range), narrowed(part, known.versions));
        match (ours == theirs, listed(OTHER_VERSIONS, part, &called)) {
            (false, None) => house.complain(format!(
                "{}: {called} is served from {}, and the OpenAPI data has it from {}",
                part.place,
                words(part, ours),
                words(part, theirs)
            )),
            (true, Some(_)) => {
                house.complain(format!("{}: {called} agrees with the data after all", part.place))
            }
            _ => {}
        }
    }
    for (place, name, _) in EXTENSIONS.iter().chain(OTHER_VERSIONS) {
        if *place == part.place && !served.keys().any(|known| called(known) == *name) {
            house.complain(format!("{place}: {name} is listed, and is no route"));
        }
    }
}
