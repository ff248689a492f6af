//! The metadata service. Who asks follows from the network and the address that the proxy saw, and from the host that
//! the server is on; nothing that the guest writes into a header is even read.

use contracts::{
    CallError, CallResult,
    compute::{MetadataAnswer, MetadataRequest},
};
use platform::db::owned::Inside;

use super::{
    document::{self, Document},
    ec2,
};
use crate::{
    Nova,
    model::{attachment, interface, password, server},
};

const GUEST: Inside = Inside::because("a guest is known by the port that it asks by, and is told of itself");

/// Answers a guest.
pub async fn answer(nova: &Nova, host: &str, asked: &MetadataRequest) -> CallResult<MetadataAnswer> {
    let path = asked.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let tells = asked.method == "POST" && matches!(parts[..], ["openstack", _, "password"]);
    if asked.method != "GET" && asked.method != "HEAD" && !tells {
        return Ok(text(405, "Method Not Allowed".into()));
    }
    let Some(id) = nova.networks.device_at(asked.network, asked.source).await? else { return Ok(missing()) };
    let failed = |error: sea_orm::DbErr| CallError::unavailable("nova", error);
    let db = nova.db.read();
    let sealed = server::find(db, id).await.map_err(failed)?;
    let Ok(server) = sealed.inside(&GUEST) else { return Ok(missing()) };
    // A host is told of its own servers only.
    if server.host.as_deref() != Some(host) {
        return Ok(missing());
    }
    if let ["openstack", version, "password"] = parts[..] {
        return match (known(&document::VERSIONS, version), tells) {
            (false, _) => Ok(missing()),
            (true, true) => keep_password(nova, &server, &asked.body).await,
            (true, false) => Ok(text(200, password::of(db, &server).await.map_err(failed)?)),
        };
    }
    let disks = attachment::of(db, &server).await.map_err(failed)?;
    let cards = interface::of(db, &server).await.map_err(failed)?;
    let ports = nova.networks.ports_of(&[id]).await?;
    Ok(read(&Document::new(nova, &server, &disks, &cards, &ports), &parts))
}

fn read(document: &Document<'_>, path: &[&str]) -> MetadataAnswer {
    match path {
        [] => {
            let versions: Vec<&str> = ec2::VERSIONS.iter().copied().chain(["latest"]).collect();
            text(200, versions.join("\n"))
        }
        ["openstack"] => {
            let versions: Vec<&str> = document::VERSIONS.iter().copied().chain(["latest"]).collect();
            text(200, versions.join("\n"))
        }
        ["openstack", "content", number] => match number.parse::<usize>() {
            Ok(number) => match document.personality().into_iter().nth(number) {
                Some((_, content)) => answered("application/octet-stream", content),
                None => missing(),
            },
            Err(_) => missing(),
        },
        ["openstack", version, rest @ ..] if known(&document::VERSIONS, version) => openstack(document, rest),
        [version, rest @ ..] if known(&ec2::VERSIONS, version) => ec2_form(document, rest),
        _ => missing(),
    }
}

/// What the guest says its password is, encrypted by it: kept once, and for whoever owns the server to read.
async fn keep_password(nova: &Nova, server: &server::Model, body: &[u8]) -> CallResult<MetadataAnswer> {
    let Some(told) = std::str::from_utf8(body).ok().filter(|told| told.len() <= password::LONGEST) else {
        return Ok(text(400, "Bad Request\n\nRequest is too long.".into()));
    };
    let failed = |error: sea_orm::DbErr| CallError::unavailable("nova", error);
    let kept = password::tell(&nova.db, server, told).await.map_err(failed)?;
    Ok(if kept { text(200, String::new()) } else { text(409, "Conflict".into()) })
}

fn known(versions: &[&str], version: &str) -> bool {
    version == "latest" || versions.contains(&version)
}

fn openstack(document: &Document<'_>, path: &[&str]) -> MetadataAnswer {
    match path {
        [] => {
            let mut names: Vec<&str> = document::FILES.to_vec();
            names.retain(|name| *name != "user_data" || document.user_data().is_some());
            names.push("password");
            text(200, names.join("\n"))
        }
        ["user_data"] => match document.user_data() {
            Some(content) => answered("application/octet-stream", content),
            None => missing(),
        },
        [name] => match document.openstack(name) {
            Some(content) => answered("application/json", content),
            None => missing(),
        },
        _ => missing(),
    }
}

fn ec2_form(document: &Document<'_>, path: &[&str]) -> MetadataAnswer {
    match path {
        [] => text(
            200,
            if document.user_data().is_some() { "meta-data/\nuser-data" } else { "meta-data/" }.into(),
        ),
        ["user-data"] => match document.user_data() {
            Some(content) => answered("application/octet-stream", content),
            None => missing(),
        },
        ["meta-data", rest @ ..] => match ec2::at(&ec2::whole(document), rest) {
            Some(found) => text(200, found),
            None => missing(),
        },
        _ => missing(),
    }
}

fn answered(kind: &str, body: Vec<u8>) -> MetadataAnswer {
    MetadataAnswer { status: 200, content_type: kind.into(), body }
}

fn text(status: u16, body: String) -> MetadataAnswer {
    MetadataAnswer { status, content_type: "text/plain; charset=UTF-8".into(), body: body.into_bytes() }
}

fn missing() -> MetadataAnswer {
    text(404, "404 Not Found\n\nThe resource could not be found.".into())
}
