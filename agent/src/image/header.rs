//! Looking into an image's header before QEMU opens it: what it is was recorded, and is not guessed here.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

const MAGIC: &[u8; 4] = b"QFI\xfb";
/// Version 2's header; that of version 3 is longer.
const SHORT_HEADER: usize = 72;
const LONG_HEADER: usize = 104;
const LARGEST: u64 = 1 << 53;
/// Dirty, corrupt, external data file, compression type, extended L2 entries: all that there are.
const KNOWN_FEATURES: u64 = 0b1_1111;
const DATA_FILE_FEATURE: u64 = 0b100;
const EXTENSIONS_END: u32 = 0;
const DATA_FILE_EXTENSION: u32 = 0x4441_5441;
/// Extensions stand before the end of the first cluster, which has at most 2 MiB.
const EXTENSIONS_WITHIN: u64 = 2 << 20;

/// Why an image is not what it was said to be.
#[derive(Debug)]
pub(crate) enum HeaderError {
    /// It can't be read now.
    Read(io::Error),
    /// It must not be opened.
    Unfit(String),
}

impl From<io::Error> for HeaderError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

fn unfit(reason: impl Into<String>) -> HeaderError {
    HeaderError::Unfit(reason.into())
}

/// Checks that a file can be opened as what it was recorded as, and reaches no other file. Returns the bytes that a
/// machine sees.
pub(crate) fn inspect(path: &Path, format: &str) -> Result<u64, HeaderError> {
    let file = File::open(path)?;
    match format {
        "raw" | "iso" => Ok(file.metadata()?.len()),
        "qcow2" => qcow2(file),
        other => Err(unfit(format!("the hypervisor does not run images of format {other:?}"))),
    }
}

fn qcow2(file: File) -> Result<u64, HeaderError> {
    let mut start = Vec::new();
    file.take(EXTENSIONS_WITHIN).read_to_end(&mut start)?;
    if start.len() < SHORT_HEADER || &start[..4] != MAGIC {
        return Err(unfit("the image is not qcow2, as it was recorded"));
    }
    let version = word(&start, 4)?;
    let (features, length) = match version {
        2 => (0, SHORT_HEADER),
        3 => (long(&start, 72)?, word(&start, 100)? as usize),
        _ => return Err(unfit(format!("the image is qcow2 of version {version}"))),
    };
    if version == 3 && length < LONG_HEADER {
        return Err(unfit("the image has a header that is too short"));
    }
    if long(&start, 8)? != 0 || word(&start, 16)? != 0 {
        return Err(unfit("the image has a backing file"));
    }
    if word(&start, 32)? != 0 {
        return Err(unfit("the image is encrypted"));
    }
    if features & DATA_FILE_FEATURE != 0 {
        return Err(unfit("the image has an external data file"));
    }
    if features & !KNOWN_FEATURES != 0 {
        return Err(unfit("the image has unknown features"));
    }
    extensions(&start, length)?;
    let size = long(&start, 24)?;
    if size > LARGEST { Err(unfit("the image says that it is impossibly large")) } else { Ok(size) }
}

/// Walks through the header's extensions: a data file may be named even where its feature is not set.
fn extensions(start: &[u8], mut at: usize) -> Result<(), HeaderError> {
    while at + 8 <= start.len() {
        let (kind, length) = (word(start, at)?, word(start, at + 4)? as usize);
        match kind {
            EXTENSIONS_END => return Ok(()),
            DATA_FILE_EXTENSION => return Err(unfit("the image names an external data file")),
            _ => {}
        }
        at = at.saturating_add(8).saturating_add(length.saturating_add(7) & !7);
    }
    // Where the whole file was read, there is nothing behind its end.
    if (start.len() as u64) < EXTENSIONS_WITHIN {
        Ok(())
    } else {
        Err(unfit("the image's header does not end"))
    }
}

fn word(bytes: &[u8], at: usize) -> Result<u32, HeaderError> {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    four.map(u32::from_be_bytes).ok_or_else(|| unfit("the image's header is cut off"))
}

fn long(bytes: &[u8], at: usize) -> Result<u64, HeaderError> {
    let eight = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok());
    eight.map(u64::from_be_bytes).ok_or_else(|| unfit("the image's header is cut off"))
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::*;

    fn made(arguments: &[&str]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        fs::write(folder.path().join("base"), vec![0; 1 << 20]).unwrap();
        let made = Command::new("qemu-img").current_dir(folder.path()).args(arguments).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        (folder, path)
    }

    fn reason(path: &Path, format: &str) -> String {
        match inspect(path, format) {
            Err(HeaderError::Unfit(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_image_of_its_own_is_opened_and_its_size_known() {
        for options in ["compat=0.10", "compat=1.1", "compat=1.1,extended_l2=on,compression_type=zstd"] {
            let (_folder, path) = made(&["create", "-q", "-f", "qcow2", "-o", options, "image", "3M"]);
            assert_eq!(inspect(&path, "qcow2").unwrap(), 3 << 20, "{options}");
        }
        let (_folder, path) = made(&["create", "-q", "-f", "raw", "image", "3M"]);
        assert_eq!(inspect(&path, "raw").unwrap(), 3 << 20);
    }

    #[test]
    fn an_image_that_reaches_another_file_is_not_opened() {
        let backed = ["create", "-q", "-f", "qcow2", "-b", "base", "-F", "raw", "image"];
        let (_folder, path) = made(&backed);
        assert_eq!(reason(&path, "qcow2"), "the image has a backing file");
        let (_folder, path) = made(&["create", "-q", "-f", "qcow2", "-o", "data_file=other", "image", "1M"]);
        assert_eq!(reason(&path, "qcow2"), "the image has an external data file");
        // The feature taken away, the name is still there.
        let mut bytes = fs::read(&path).unwrap();
        bytes[79] &= !4;
        fs::write(&path, bytes).unwrap();
        assert_eq!(reason(&path, "qcow2"), "the image names an external data file");
    }

    #[test]
    fn an_image_that_is_not_what_was_recorded_is_not_opened() {
        let (_folder, path) = made(&["create", "-q", "-f", "raw", "image", "1M"]);
        assert_eq!(reason(&path, "qcow2"), "the image is not qcow2, as it was recorded");
        assert_eq!(reason(&path, "vmdk"), "the hypervisor does not run images of format \"vmdk\"");
        fs::write(&path, b"QFI\xfb\0\0\0\x03").unwrap();
        assert_eq!(reason(&path, "qcow2"), "the image is not qcow2, as it was recorded");
    }

    #[test]
    fn no_header_makes_the_inspection_fail_otherwise() {
        let (_folder, path) = made(&["create", "-q", "-f", "qcow2", "image", "1M"]);
        let good = fs::read(&path).unwrap();
        for at in 0..512 {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                fs::write(&path, &bytes).unwrap();
                assert!(!matches!(inspect(&path, "qcow2"), Err(HeaderError::Read(_))));
            }
        }
    }
}
