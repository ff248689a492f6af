//! `POST /servers`: everything is checked, then one transaction makes the rows, and the reconciler does the rest.

use axum::response::Response;
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::Utc;
use contracts::image::Image;
use http::{HeaderValue, StatusCode, header};
use platform::{
    View,
    db::{WriteTx, opened, owned::Scope},
    http::{self as web, Body, Cx, Fault},
    policy::Target,
};
use rand::{Rng, distr::Alphanumeric};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    super::{
        lenient::address,
        links::{self, Link},
    },
    body::{CreateRequest, NewServer},
    disks, nics,
};
use crate::{
    Nova,
    error::NovaError,
    model::{
        aggregate::{self, Names},
        attachment, flavor, host, instance_action, interface, keypair, server, server_group, server_tag,
    },
    quota,
    server::state::{Power, Task, VmState},
};

#[derive(View)]
struct Created<'a> {
    id: Uuid,
    links: [Link; 2],
    #[view(rename = "OS-DCF:diskConfig")]
    disk_config: &'a str,
    security_groups: Vec<Value>,
    #[view(rename = "adminPass")]
    admin_pass: &'a str,
}

/// Makes servers.
pub async fn create(cx: Cx<Nova>, Body(body): Body<CreateRequest>) -> Result<Response, Fault> {
    let own = cx.own_scope()?;
    let project = cx.project_id()?.to_owned();
    let new = &body.server;
    let hints = hints(body.hints.as_ref().or(body.old_hints.as_ref()));
    let (least, most) = counts(new)?;
    if new.trusted_image_certificates.is_some() {
        cx.allow_rule("os_compute_api:servers:create:trusted_certs", &Target::project(project.as_str()))?;
        return Err(NovaError::Invalid("Image signatures can not be checked by this cloud.".into()).into());
    }
    let image = image(&cx, new).await?;
    let flavor = flavor(&cx, new).await?;
    let sizes = flavor::Snapshot::from(&flavor);
    let place = place(&cx, new).await?;
    let disks = disks::disks(&cx, new, image.as_ref(), &sizes).await?;
    fits(&cx, image.as_ref(), &sizes, disks.local_root)?;
    if most > 1 && disks.rows.iter().any(|row| row.volume_id.is_some()) {
        return Err(
            NovaError::Invalid("Cannot attach one or more volumes to multiple instances".into()).into()
        );
    }
    let cards = nics::nics(&cx, &new.networks, most).await?;
    for group in &new.security_groups {
        if !cx.service.networks.security_group_exists(&cx.caller, &group.name).await? {
            let message = format!("Security group {} not found for project {project}.", group.name);
            return Err(NovaError::Invalid(message).into());
        }
    }
    user_data(new)?;
    let admin_pass = new.admin_pass.clone().unwrap_or_else(password);

    let mut tx = cx.service.db.write().await?;
    let room = quota::Room::read(&*tx, &own, &cx.caller.user.id).await?;
    let limits = &room.project.0;
    check_items(new, limits)?;
    let number = affordable(&room, &sizes, least, most)?;
    let group = group(&tx, &own, &hints, limits, number).await?;
    let key = key(&tx, &own, new).await?;
    let template = template(&cx, new, image.as_ref(), &sizes, &disks, &hints, place, group, key)?;
    let mut servers = Vec::new();
    for at in 0..number {
        let row = numbered(&template, new, at, number);
        insert(&cx, &tx, &row, &disks.rows, &cards, &new.tags).await?;
        tx.emit(cx.event("compute.instance.create.start", row.id));
        servers.push(row);
    }
    tx.commit().await?;
    for row in &servers {
        cx.service.servers.wake(row.id);
    }
    if new.return_reservation_id.is_some_and(|flag| flag.0) {
        return web::json(StatusCode::ACCEPTED, &json!({"reservation_id": template.reservation_id}));
    }
    let Some(first) = servers.first() else { return Err(Fault::internal("no server was made")) };
    let asked = new.security_groups.iter().map(|group| json!({"name": group.name})).collect::<Vec<_>>();
    let view = Created {
        id: first.id,
        links: links::links(&cx, "servers", first.id),
        disk_config: &first.disk_config,
        security_groups: if asked.is_empty() { vec![json!({"name": "default"})] } else { asked },
        admin_pass: &admin_pass,
    };
    let mut response = cx.answer(StatusCode::ACCEPTED, "server", &view)?;
    if let Ok(place) = HeaderValue::from_str(&cx.link(&format!("/v2.1/servers/{}", first.id))) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// Hints that users may give. Those that begin with an underscore are between Nova and its scheduler: from outside they
/// are dropped (OSSA-2026-022).
fn hints(given: Option<&Map<String, Value>>) -> Map<String, Value> {
    let mut hints = given.cloned().unwrap_or_default();
    hints.retain(|name, _| !name.starts_with('_'));
    hints
}

fn counts(new: &NewServer) -> Result<(i64, i64), NovaError> {
    let least = new.min_count.map_or(1, |number| number.0);
    let most = new.max_count.map_or(least, |number| number.0);
    if least > most {
        return Err(NovaError::Invalid("min_count must be <= max_count".into()));
    }
    Ok((least, most))
}

async fn image(cx: &Cx<Nova>, new: &NewServer) -> Result<Option<Image>, Fault> {
    let Some(text) = new.image.as_deref().filter(|text| !text.is_empty()) else {
        let mapped = new.block_device_mapping_v2.as_ref().is_some_and(|list| !list.is_empty())
            || new.block_device_mapping.as_ref().is_some_and(|list| !list.is_empty());
        if mapped {
            return Ok(None);
        }
        let message = "Invalid imageRef provided. An image, or a block device to boot from, is needed.";
        return Err(Fault::bad_request(message));
    };
    let id = text.rsplit('/').next().unwrap_or(text);
    let id = Uuid::parse_str(id).map_err(|_| Fault::bad_request("Invalid imageRef provided."))?;
    let image = cx.service.images.image(&cx.caller, id).await.map_err(|error| match error {
        contracts::CallError::Unavailable { .. } => Fault::from(error),
        _ => Fault::bad_request("Can not find requested image"),
    })?;
    if image.status != "active" {
        return Err(Fault::bad_request(format!("Image {id} is not active.")));
    }
    Ok(Some(image))
}

async fn flavor(cx: &Cx<Nova>, new: &NewServer) -> Result<flavor::Model, Fault> {
    let text = match &new.flavor {
        Value::String(text) => text.rsplit('/').next().unwrap_or(text).to_owned(),
        other => other.to_string(),
    };
    let project = cx.caller.project_id().filter(|_| !cx.is_admin());
    let row = flavor::usable(cx.service.db.read(), &text, project).await?;
    row.ok_or_else(|| Fault::bad_request(NovaError::FlavorNotFound(text)))
}

/// The image must fit into the flavor.
pub fn fits(
    cx: &Cx<Nova>,
    image: Option<&Image>,
    flavor: &flavor::Snapshot,
    local_root: bool,
) -> Result<(), Fault> {
    let Some(image) = image else { return Ok(()) };
    if flavor.memory_mb < i64::try_from(image.min_ram).unwrap_or(i64::MAX) {
        return Err(Fault::bad_request("Flavor's memory is too small for requested image."));
    }
    if !local_root {
        return Ok(());
    }
    if flavor.root_gb == 0 {
        let target = Target::project(cx.caller.project_id().unwrap_or_default().to_owned());
        if !cx.may("os_compute_api:servers:create:zero_disk_flavor", &target) {
            return Err(Fault::forbidden(
                "Only volume-backed servers are allowed for flavors with zero disk.",
            ));
        }
        return Ok(());
    }
    let disk = flavor.root_gb.max(0) as u64 * 1024 * 1024 * 1024;
    let needed = image.virtual_size.or(image.size).unwrap_or(0).max(image.min_disk * 1024 * 1024 * 1024);
    if needed > disk {
        return Err(Fault::bad_request(format!(
            "Flavor's disk is too small for requested image. Flavor disk is {disk} bytes, image is {needed} bytes."
        )));
    }
    Ok(())
}

/// Zone and host that were asked for.
async fn place(cx: &Cx<Nova>, new: &NewServer) -> Result<(Option<String>, Option<String>), Fault> {
    let db = cx.service.db.read();
    let own = Target::project(cx.caller.project_id().unwrap_or_default().to_owned());
    let mut wanted = (None, None);
    if let Some(text) = &new.availability_zone {
        let mut parts = text.split(':');
        let zone = parts.next().filter(|zone| !zone.is_empty());
        let host = parts.next().filter(|host| !host.is_empty()).or(parts.next());
        if host.is_some() {
            cx.allow_rule("os_compute_api:servers:create:forced_host", &own)?;
        }
        wanted = (zone.map(str::to_owned), host.map(str::to_owned));
    }
    if let Some(host) = new.host.as_ref().or(new.hypervisor_hostname.as_ref()) {
        cx.allow_rule("compute:servers:create:requested_destination", &own)?;
        if wanted.1.is_some() {
            return Err(Fault::bad_request(
                "It's not possible to specify host both in availability_zone and host.",
            ));
        }
        wanted.1 = Some(host.clone());
    }
    if let Some(name) = &wanted.1
        && host::by_name(db, name).await?.is_none()
    {
        return Err(Fault::bad_request(NovaError::HostNotFound(name.clone())));
    }
    if let Some(zone) = &wanted.0
        && *zone != cx.service.config.default_availability_zone
        && !aggregate::all(db).await?.iter().any(|aggregate| aggregate.zone() == Some(zone))
    {
        return Err(Fault::bad_request("The requested availability zone is not available"));
    }
    Ok(wanted)
}

fn user_data(new: &NewServer) -> Result<(), Fault> {
    match new.user_data.as_deref().map(|text| BASE64_STANDARD.decode(text.as_bytes())) {
        Some(Err(_)) => Err(Fault::bad_request("User data needs to be valid base 64.")),
        _ => Ok(()),
    }
}

fn check_items(new: &NewServer, limits: &quota::Limits) -> Result<(), NovaError> {
    let limit = |name: &str| limits.get(name).copied().filter(|limit| *limit >= 0).unwrap_or(i64::MAX);
    metadata_fits(new.metadata.len(), limits)?;
    let files = new.personality.as_deref().unwrap_or_default();
    if files.len() as i64 > limit("injected_files") {
        return Err(NovaError::Forbidden("Personality file limit exceeded".into()));
    }
    for file in files {
        let content = BASE64_STANDARD.decode(&file.contents);
        let content = content
            .map_err(|_| NovaError::Invalid("Personality content could not be Base64 decoded.".into()))?;
        if file.path.len() as i64 > limit("injected_file_path_bytes") {
            return Err(NovaError::Forbidden("Personality file path exceeds limit".into()));
        }
        if content.len() as i64 > limit("injected_file_content_bytes") {
            return Err(NovaError::Forbidden("Personality file content exceeds limit".into()));
        }
    }
    Ok(())
}

/// The metadata of a server is limited in number.
pub fn metadata_fits(number: usize, limits: &quota::Limits) -> Result<(), NovaError> {
    match limits.get("metadata_items") {
        Some(&limit) if limit >= 0 && number as i64 > limit => {
            Err(NovaError::Forbidden(format!("Maximum number of metadata items exceeds {limit}")))
        }
        _ => Ok(()),
    }
}

/// As many as the quota allows, from the most down to the least that was asked for.
fn affordable(
    room: &quota::Room,
    flavor: &flavor::Snapshot,
    least: i64,
    most: i64,
) -> Result<i64, NovaError> {
    let wanted = |number: i64| {
        [("instances", number), ("cores", number * flavor.vcpus), ("ram", number * flavor.memory_mb)]
    };
    let mut number = most;
    while number > least && room.check(&wanted(number)).is_err() {
        number -= 1;
    }
    room.check(&wanted(number))?;
    Ok(number)
}

async fn group(
    tx: &WriteTx,
    own: &Scope,
    hints: &Map<String, Value>,
    limits: &quota::Limits,
    number: i64,
) -> Result<Option<Uuid>, Fault> {
    let Some(text) = hints.get("group").and_then(Value::as_str) else { return Ok(None) };
    let missing = || Fault::bad_request(NovaError::GroupNotFound(text.to_owned()));
    let id = Uuid::parse_str(text).map_err(|_| missing())?;
    let group = server_group::within(&**tx, own, id).await?.ok_or_else(missing)?;
    let limit = limits.get("server_group_members").copied().unwrap_or(-1);
    if limit >= 0 && server_group::size(&**tx, &group).await? as i64 + number > limit {
        return Err(NovaError::Forbidden("Quota exceeded, too many servers in group".into()).into());
    }
    Ok(Some(id))
}

async fn key(tx: &WriteTx, own: &Scope, new: &NewServer) -> Result<Option<keypair::Model>, Fault> {
    let Some(name) = &new.key_name else { return Ok(None) };
    let row = keypair::named(&**tx, own, name).await?;
    Ok(Some(row.ok_or_else(|| Fault::bad_request("Invalid key_name provided."))?))
}

fn uuids(hints: &Map<String, Value>, name: &str) -> Vec<Uuid> {
    let read = |value: &Value| value.as_str().and_then(|text| Uuid::parse_str(text).ok());
    match hints.get(name) {
        Some(Value::Array(list)) => list.iter().filter_map(read).collect(),
        Some(value) => read(value).into_iter().collect(),
        None => Vec::new(),
    }
}

#[allow(clippy::too_many_arguments)]
fn template(
    cx: &Cx<Nova>,
    new: &NewServer,
    image: Option<&Image>,
    sizes: &flavor::Snapshot,
    disks: &disks::Disks,
    hints: &Map<String, Value>,
    place: (Option<String>, Option<String>),
    group: Option<Uuid>,
    key: Option<keypair::Model>,
) -> Result<server::Model, Fault> {
    let now = Utc::now();
    let own = image.filter(|_| disks.local_root);
    let root = disks.rows.first().and_then(|row| row.device.as_deref()).unwrap_or("vda");
    let files = new.personality.as_ref().filter(|files| !files.is_empty());
    Ok(server::Model {
        id: Uuid::nil(),
        project_id: cx.project_id()?.to_owned(),
        user_id: cx.caller.user.id.clone(),
        name: new.name.clone(),
        description: if cx.version >= platform::wire::Version::new(2, 19) {
            new.description.clone()
        } else {
            Some(new.name.clone())
        },
        hostname: String::new(),
        created_at: now,
        updated_at: now,
        launched_at: None,
        terminated_at: None,
        deleted: false,
        vm_state: VmState::Building.name().into(),
        task_state: Some(Task::Scheduling.name().into()),
        power_state: Power::NoState as i32,
        task: Some(server::TaskDetails {
            forced_host: place.1,
            same_host: uuids(hints, "same_host"),
            different_host: uuids(hints, "different_host"),
            ..Default::default()
        }),
        fault: None,
        locked: false,
        locked_reason: None,
        locked_by: None,
        host: None,
        availability_zone: place.0,
        image_id: own.map(|image| image.id),
        image: own.map(snapshot),
        flavor_id: sizes.id.clone(),
        flavor: sizes.clone(),
        old_flavor: None,
        vcpus: sizes.vcpus,
        memory_mb: sizes.memory_mb,
        root_gb: sizes.root_gb,
        ephemeral_gb: sizes.ephemeral_gb,
        key_name: key.as_ref().map(|key| key.name.clone()),
        key_data: key.map(|key| key.public_key),
        user_data: new.user_data.clone(),
        config_drive: cx.service.config.force_config_drive || new.config_drive.is_some_and(|flag| flag.0),
        disk_config: new.disk_config.clone().unwrap_or_else(|| "MANUAL".into()),
        metadata: flavor::Strings(new.metadata.clone()),
        personality: files.map(|files| {
            flavor::Strings(files.iter().map(|file| (file.path.clone(), file.contents.clone())).collect())
        }),
        addresses: server::Cards::default(),
        security_groups: Names(new.security_groups.iter().map(|group| group.name.clone()).collect()),
        access_ip_v4: new.access_ip_v4.clone().map(address),
        access_ip_v6: new.access_ip_v6.clone().map(address),
        root_device_name: Some(format!("/dev/{root}")),
        reservation_id: format!("r-{}", random(8).to_lowercase()),
        launch_index: 0,
        progress: 0,
        group_id: group,
        hints: Value::Object(hints.clone()),
        origin: server::Origin((*cx.caller).clone()),
    })
}

/// What a machine must know of its image.
pub fn snapshot(image: &Image) -> server::ImageSnapshot {
    server::ImageSnapshot {
        id: image.id,
        disk_format: image.disk_format.clone().unwrap_or_else(|| "raw".into()),
        sha512: image.sha512.clone().unwrap_or_default(),
        min_disk: image.min_disk,
        min_ram: image.min_ram,
        properties: image.properties.clone(),
    }
}

fn numbered(template: &server::Model, new: &NewServer, at: i64, number: i64) -> server::Model {
    let id = Uuid::new_v4();
    let suffix = |name: &str| if number > 1 { format!("{name}-{}", at + 1) } else { name.to_owned() };
    let name = suffix(&new.name);
    let hostname = match &new.hostname {
        Some(hostname) => suffix(hostname),
        None => hostname(&name, id),
    };
    server::Model { id, name, hostname, launch_index: i32::try_from(at).unwrap_or(0), ..template.clone() }
}

/// What a name leaves of a host's name.
pub fn hostname(name: &str, id: Uuid) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c == ' ' || c == '_' || c == '.' { '-' } else { c.to_ascii_lowercase() })
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(63)
        .collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { format!("server-{id}") } else { plain.to_owned() }
}

async fn insert(
    cx: &Cx<Nova>,
    tx: &WriteTx,
    row: &server::Model,
    disks: &[attachment::Model],
    cards: &[interface::Model],
    tags: &[String],
) -> Result<(), Fault> {
    opened::insert(tx, row).await?;
    opened::insert_all(tx, &disks::of_server(disks, row.id)).await?;
    opened::insert_all(tx, &nics::of_server(cards, row.id)).await?;
    server_tag::add(tx, row, tags).await?;
    instance_action::begin(tx, row, "create", cx).await?;
    Ok(())
}

fn random(length: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect()
}

/// A password that was not asked for. It is shown once; the guest never learns it.
pub fn password() -> String {
    random(12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostname_is_made_of_what_a_name_leaves() {
        let id = Uuid::nil();
        assert_eq!(hostname("My Web_Server.1", id), "my-web-server-1");
        assert_eq!(hostname("\u{4e2d}\u{6587}", id), format!("server-{id}"));
    }

    #[test]
    fn ossa_2026_022_internal_scheduler_hints_are_stripped() {
        let given = json!({"_nova_check_type": ["rebuild"], "group": "x"});
        let kept = hints(given.as_object());
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["group"]);
    }
}
