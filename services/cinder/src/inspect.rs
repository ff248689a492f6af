//! Looking at an image before `qemu-img` reads it: it must be what it was recorded as, and reach no other file.
//!
//! Glance looked when the image came; what holds other people's disks looks again (OSSA-2024-001, OSSA-2023-002,
//! OSSA-2024-002).

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::backend::BackendError;

/// As much as any header needs.
const HEAD: u64 = 2 << 20;
/// Features of qcow2 that change nothing of where the data is: dirty, corrupt, compression type, extended entries.
const HARMLESS: u64 = 0b1_1011;
const DATA_FILE: u32 = 0x4441_5441;

/// The beginnings by which files of other formats are known: what has one of them is not raw.
const MAGICS: [(&str, usize, &[u8]); 9] = [
    ("qcow2", 0, b"QFI\xfb"),
    ("qed", 0, b"QED\0"),
    ("vmdk", 0, b"KDMV"),
    ("vmdk", 0, b"COWD"),
    ("vmdk", 0, b"# Disk DescriptorFile"),
    ("vhdx", 0, b"vhdxfile"),
    ("vhd", 0, b"conectix"),
    ("vdi", 0x40, b"\x7f\x10\xda\xbe"),
    ("luks", 0, b"LUKS\xba\xbe"),
];

/// Checks a file that was recorded as being of a format (Glance's name). Blocks.
pub(crate) fn check(path: &Path, format: &str) -> Result<(), BackendError> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    let known =
        MAGICS.iter().find(|(_, at, magic)| head.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    let known = known.map(|(name, ..)| *name);
    match (format, known) {
        ("raw" | "iso" | "ami" | "ari" | "aki", None) => Ok(()),
        ("qcow2", Some("qcow2")) => qcow2(&head),
        ("vmdk", Some("vmdk")) => vmdk(&head),
        ("vhd", Some("vhd") | None) | ("vhdx", Some("vhdx")) | ("vdi", Some("vdi")) => Ok(()),
        (format, known) => Err(refused(format!(
            "the image was recorded as {format} and looks like {}",
            known.unwrap_or("something else")
        ))),
    }
}

fn refused(why: impl Into<String>) -> BackendError {
    BackendError::Refused(why.into())
}

fn qcow2(head: &[u8]) -> Result<(), BackendError> {
    let version = word(head, 4)?;
    if long(head, 8)? != 0 || word(head, 16)? != 0 {
        return Err(refused("the image has a backing file"));
    }
    let end_of_header = match version {
        2 => 72,
        3 if long(head, 72)? & !HARMLESS != 0 => {
            return Err(refused("the image has an external data file, or features that are not known"));
        }
        3 => word(head, 100)? as usize,
        _ => return Err(refused("the image is qcow2 of a version that is not known")),
    };
    let mut at = end_of_header;
    while at + 8 <= head.len() {
        let (kind, length) = (word(head, at)?, word(head, at + 4)? as usize);
        match kind {
            0 => break,
            DATA_FILE => return Err(refused("the image names an external data file")),
            _ => at = at.saturating_add(8).saturating_add(length.saturating_add(7) & !7),
        }
    }
    Ok(())
}

/// Only kinds that hold their data themselves, and whose descriptor names no other file.
fn vmdk(head: &[u8]) -> Result<(), BackendError> {
    if !head.starts_with(b"KDMV") {
        return Err(refused("the image is a VMDK descriptor that points to other files"));
    }
    let little = |at: usize| {
        let bytes = head.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u64::from_le_bytes).ok_or_else(cut_off)
    };
    let (begin, length) = (little(28)?.saturating_mul(512), little(36)?.saturating_mul(512));
    let (begin, end) = (begin as usize, begin.saturating_add(length) as usize);
    let descriptor = head.get(begin..end.min(head.len())).filter(|text| begin > 0 && !text.is_empty());
    let text =
        String::from_utf8_lossy(descriptor.ok_or_else(|| refused("the image has no VMDK descriptor"))?);
    let kind = text.lines().find_map(|line| line.trim().strip_prefix("createType="));
    let kind = kind.unwrap_or_default().trim_matches('"');
    if !["monolithicSparse", "streamOptimized"].contains(&kind) {
        return Err(refused(format!("the image is a VMDK of kind {kind:?}, which is not accepted")));
    }
    let extents = text.lines().filter(|line| {
        let first = line.split_whitespace().next().unwrap_or_default();
        ["RW", "RDONLY", "NOACCESS"].contains(&first)
    });
    for extent in extents {
        let kind = extent.split_whitespace().nth(2).unwrap_or_default();
        let named = extent.split('"').nth(1).unwrap_or_default();
        if kind != "SPARSE" || named.contains('/') {
            return Err(refused("the image's VMDK descriptor points to other files"));
        }
    }
    Ok(())
}

fn cut_off() -> BackendError {
    refused("the image's header is cut off")
}

fn word(bytes: &[u8], at: usize) -> Result<u32, BackendError> {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    four.map(u32::from_be_bytes).ok_or_else(cut_off)
}

fn long(bytes: &[u8], at: usize) -> Result<u64, BackendError> {
    let eight = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok());
    eight.map(u64::from_be_bytes).ok_or_else(cut_off)
}

/// The same, off the threads that answer requests.
pub(crate) async fn inspect(path: &Path, format: &str) -> Result<(), BackendError> {
    let (path, format) = (path.to_owned(), format.to_owned());
    tokio::task::spawn_blocking(move || check(&path, &format)).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf, process::Command};

    use super::*;

    fn made(arguments: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("base"), vec![0; 1 << 20]).unwrap();
        let made = Command::new("qemu-img").current_dir(folder.path()).args(arguments).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let path = folder.path().join("image");
        (folder, path)
    }

    fn refusal(path: &Path, format: &str) -> String {
        match check(path, format) {
            Err(BackendError::Refused(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn images_that_are_what_they_were_recorded_as_pass() {
        for (format, options) in [
            ("raw", vec![]),
            ("qcow2", vec!["-o", "compat=0.10"]),
            ("qcow2", vec!["-o", "compression_type=zstd,extended_l2=on"]),
            ("vdi", vec![]),
            ("vmdk", vec!["-o", "subformat=monolithicSparse"]),
            ("vmdk", vec!["-o", "subformat=streamOptimized"]),
        ] {
            let mut arguments = vec!["create", "-q", "-f", format];
            arguments.extend(options);
            arguments.extend(["image", "1M"]);
            let (_folder, path) = made(&arguments);
            check(&path, format).unwrap_or_else(|error| panic!("{format}: {error}"));
        }
        let (_folder, path) = made(&["create", "-q", "-f", "vpc", "-o", "subformat=dynamic", "image", "1M"]);
        check(&path, "vhd").unwrap();
    }

    #[test]
    fn ossa_2024_001_a_qcow2_with_an_external_data_file_is_refused() {
        let (_folder, path) = made(&["create", "-q", "-f", "qcow2", "-o", "data_file=other", "image", "1M"]);
        assert!(refusal(&path, "qcow2").contains("external data file"));
        let backed = ["create", "-q", "-f", "qcow2", "-b", "base", "-F", "raw", "image"];
        let (_folder, path) = made(&backed);
        assert!(refusal(&path, "qcow2").contains("backing file"));
    }

    #[test]
    fn ossa_2023_002_a_vmdk_that_points_to_other_files_is_refused() {
        let (_folder, path) =
            made(&["create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", "image", "1M"]);
        assert!(refusal(&path, "vmdk").contains("points to other files"));
        let (_folder, path) = made(&["create", "-q", "-f", "vmdk", "image", "1M"]);
        let sparse = fs::read(&path).unwrap();
        let at = sparse.windows(6).position(|window| window == b"SPARSE").unwrap();
        let mut flat = sparse.clone();
        flat[at..at + 6].copy_from_slice(b"FLAT  ");
        fs::write(&path, flat).unwrap();
        assert!(refusal(&path, "vmdk").contains("points to other files"));
    }

    #[test]
    fn ossa_2024_002_what_is_recorded_as_raw_and_is_another_format_is_refused() {
        for format in ["qcow2", "vmdk", "vdi", "qed", "vhdx"] {
            let (_folder, path) = made(&["create", "-q", "-f", format, "image", "1M"]);
            assert!(refusal(&path, "raw").contains("recorded as raw"), "{format}");
        }
        let (_folder, path) = made(&["create", "-q", "-f", "raw", "image", "1M"]);
        assert!(refusal(&path, "qcow2").contains("something else"));
    }
}
