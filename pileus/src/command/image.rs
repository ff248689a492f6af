//! `pileus image`

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use futures::TryStreamExt;
use http::Method;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::Place;
use crate::compose::clouds;

#[derive(Debug, Subcommand)]
pub enum ImageCommand {
    /// Add a public image: from a file, by URL, or one that is known by name and fetched from its maker.
    Add {
        /// The name it is to have, or the name of a known image: `debian-12`, `debian-13`.
        name: String,
        /// The file, in place of fetching.
        #[arg(long, conflicts_with = "url")]
        file: Option<PathBuf>,
        /// Where it is fetched from.
        #[arg(long, requires = "sha512")]
        url: Option<String>,
        /// The SHA-512 digest that what is fetched from the URL must have.
        #[arg(long, requires = "url")]
        sha512: Option<String>,
        /// The file's format.
        #[arg(long, default_value = "qcow2")]
        disk_format: String,
    },
}

/// Images that are known by name: name, URL, URL of the list of SHA-512 digests.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "debian-12",
        "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2",
        "https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS",
    ),
    (
        "debian-13",
        "https://cloud.debian.org/images/cloud/trixie/latest/debian-13-genericcloud-amd64.qcow2",
        "https://cloud.debian.org/images/cloud/trixie/latest/SHA512SUMS",
    ),
];

impl ImageCommand {
    pub fn run(self, place: &Place) -> anyhow::Result<()> {
        let Self::Add { name, file, url, sha512, disk_format } = self;
        let state = place.state()?;
        super::block_on(async {
            let (file, fetched) = match file {
                Some(file) => (file, None),
                None => {
                    let folder = tempfile::tempdir_in(state.folder("tmp")?)?;
                    let image = folder.path().join("image");
                    match url.zip(sha512) {
                        Some((url, digest)) => fetch(&url, &image, &digest).await?,
                        None => fetch_known(&name, folder.path(), &image).await?,
                    }
                    (image, Some(folder))
                }
            };
            let client = clouds::client(&state)?;
            let token = client.admin_token(&state).await?;
            let known =
                client.get(&format!("/image/v2/images?name={name}&visibility=public"), Some(&token)).await?;
            let known: Value = serde_json::from_slice(&known.body)?;
            if let Some(id) = known["images"][0]["id"].as_str() {
                println!("{name} is there already: {id}");
                return Ok(());
            }
            let image = json!({"name": name, "disk_format": disk_format, "container_format": "bare", "visibility": "public"});
            let made = client.post("/image/v2/images", Some(&token), &image).await?;
            let image: Value = serde_json::from_slice(&made.body).context("the image could not be made")?;
            let id = image["id"].as_str().context("the image could not be made")?;
            let reader = tokio::fs::File::open(&file)
                .await
                .with_context(|| format!("{} can't be read", file.display()))?;
            let content =
                StreamBody::new(ReaderStream::with_capacity(reader, 1 << 20).map_ok(Frame::data)).boxed();
            let path = format!("/image/v2/images/{id}/file");
            let stored =
                client.send(Method::PUT, &path, Some(&token), "application/octet-stream", content).await?;
            drop(fetched);
            if !stored.status.is_success() {
                client
                    .send(
                        Method::DELETE,
                        &format!("/image/v2/images/{id}"),
                        Some(&token),
                        "application/json",
                        http_body_util::Empty::new().map_err(|never| match never {}).boxed(),
                    )
                    .await?;
                bail!("the image was refused: {}", String::from_utf8_lossy(&stored.body));
            }
            println!("{name}: {id}");
            Ok(())
        })
    }
}

/// Fetches a known image, whose digest its maker's list names.
async fn fetch_known(name: &str, folder: &Path, image: &Path) -> anyhow::Result<()> {
    let Some((_, url, digests)) = KNOWN.iter().find(|(known, ..)| *known == name) else {
        let names: Vec<_> = KNOWN.iter().map(|(name, ..)| *name).collect();
        bail!("{name} is not known by name (known: {}); give --file or --url", names.join(", "));
    };
    let list = folder.join("digests");
    download(digests, &list).await?;
    let file = url.rsplit('/').next().unwrap_or_default();
    let list = tokio::fs::read_to_string(&list).await?;
    let wanted = list
        .lines()
        .filter_map(|line| line.split_once(char::is_whitespace))
        .find(|(_, named)| named.trim().trim_start_matches('*') == file)
        .map(|(digest, _)| digest)
        .with_context(|| format!("{digests} does not name {file}"))?;
    fetch(url, image, wanted).await
}

/// Fetches what must have that digest.
async fn fetch(url: &str, image: &Path, wanted: &str) -> anyhow::Result<()> {
    download(url, image).await?;
    let digest = digest(image).await?;
    if !digest.eq_ignore_ascii_case(wanted.trim()) {
        bail!("what {url} holds has another digest than it must have: {digest}");
    }
    Ok(())
}

async fn download(url: &str, to: &Path) -> anyhow::Result<()> {
    let status = tokio::process::Command::new("curl")
        .args(["--fail", "--location", "--proto", "=https,http", "--proto-redir", "=https", "--progress-bar"])
        .arg("--output")
        .arg(to)
        .args(["--", url])
        .status()
        .await
        .context("curl can't be run")?;
    if !status.success() {
        bail!("{url} could not be fetched");
    }
    Ok(())
}

async fn digest(path: &Path) -> anyhow::Result<String> {
    use sha2::Digest;
    let mut hash = sha2::Sha512::new();
    let mut file = tokio::fs::File::open(path).await?;
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece).await? {
            0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => hash.update(&piece[..read]),
        }
    }
}
