//! VMDK: only images that hold everything in one file (`monolithicSparse`, `streamOptimized`).
//!
//! A descriptor, in text, names the files that hold the disk: alone, or within a sparse file. Each of its lines must be
//! one that is understood.

use super::{
    Format, Refusal, Source,
    source::number::{le32, le64},
};

const SPARSE: &[u8] = b"KDMV";
const OLD_SPARSE: &[u8] = b"COWD";
const AT_END: u64 = u64::MAX;
const SECTOR: u64 = 512;
const LONGEST_DESCRIPTOR: u64 = (1 << 20) - 1;

/// Whether it is one: a sparse file, or a descriptor alone.
pub(super) fn is(source: &dyn Source) -> Result<bool, Refusal> {
    let head = source.upto(0, 512)?;
    if head.starts_with(SPARSE) || head.starts_with(OLD_SPARSE) {
        return Ok(true);
    }
    let is_text =
        !head.is_empty() && head.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    let begins = |line: &str| head.to_ascii_lowercase().starts_with(line.as_bytes());
    // Programs that open disks look for the first line, for a version, or for a type.
    if begins("# disk descriptorfile") {
        return Ok(true);
    }
    if !is_text {
        return Ok(false);
    }
    let text = source.upto(0, 64 << 10)?.to_ascii_lowercase();
    let text = String::from_utf8_lossy(&text);
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(first.is_some_and(|line| line.starts_with("version=")) || text.contains("createtype="))
}

/// The virtual size, when the image stands on its own.
pub(super) fn check(source: &dyn Source) -> Result<u64, Refusal> {
    let harmful = |why| Err(Refusal::Unsafe { format: Format::Vmdk, why });
    let broken = |why| Err(Refusal::Broken { format: Format::Vmdk, why });
    let header = source.upto(0, 512)?;
    if !header.starts_with(SPARSE) {
        return harmful("Unsupported subformat");
    }
    if header.len() < 512 {
        return broken("it is cut off");
    }
    if !(1..=3).contains(&le32(&header, 4)) {
        return broken("its version is not known");
    }
    let (place, length) = descriptor_place(&header);
    if place != SECTOR || length == 0 {
        return broken("its descriptor is not where it must be");
    }
    if le64(&header, 56) == AT_END {
        check_footer(source, &header)?;
    }
    let sectors = le64(&header, 12);
    let descriptor = source.upto(place, length.min(LONGEST_DESCRIPTOR) as usize)?;
    check_descriptor(&descriptor, sectors)?;
    match sectors.checked_mul(SECTOR) {
        Some(size) => Ok(size),
        None => broken("its size is wrong"),
    }
}

fn descriptor_place(header: &[u8]) -> (u64, u64) {
    (le64(header, 28).saturating_mul(SECTOR), le64(header, 36).saturating_mul(SECTOR))
}

/// A streamed image has a second header at its end, which wins over the first: they must say the same.
fn check_footer(source: &dyn Source, header: &[u8]) -> Result<(), Refusal> {
    let harmful = |why| Err(Refusal::Unsafe { format: Format::Vmdk, why });
    let Some(at) = source.len().checked_sub(3 * SECTOR) else { return harmful("Footer is missing") };
    let tail = source.upto(at, 3 * SECTOR as usize)?;
    let (marker, rest) = tail.split_at(SECTOR as usize);
    let (footer, end) = rest.split_at(SECTOR as usize);
    if le32(marker, 8) != 0 || le32(marker, 12) != 3 || marker[16..].iter().any(|&byte| byte != 0) {
        return harmful("Footer marker is invalid");
    }
    if end.iter().any(|&byte| byte != 0) {
        return harmful("End-of-stream marker is invalid");
    }
    if footer[..8] != header[..8]
        || le64(footer, 12) != le64(header, 12)
        || descriptor_place(footer) != descriptor_place(header)
    {
        return harmful("Footer specifies a different descriptor than header");
    }
    if le64(footer, 56) == AT_END {
        return harmful("Footer indicates another footer");
    }
    Ok(())
}

fn check_descriptor(bytes: &[u8], sectors: u64) -> Result<(), Refusal> {
    let harmful = |why| Err(Refusal::Unsafe { format: Format::Vmdk, why });
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let Some(text) = std::str::from_utf8(&bytes[..end]).ok().filter(|text| text.is_ascii()) else {
        return harmful("Invalid VMDK descriptor data");
    };
    let text = text.to_ascii_lowercase();
    let (mut kind, mut extents) = (None, 0);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with("ddb.") {
            continue;
        }
        if ["rw ", "rdonly ", "noaccess "].iter().any(|access| line.starts_with(access)) {
            check_extent(line, sectors)?;
            extents += 1;
            continue;
        }
        let Some((name, value)) = line.split_once('=').filter(|(name, _)| !name.trim().contains(' ')) else {
            return harmful("Invalid VMDK descriptor data");
        };
        match (name.trim(), value.trim()) {
            ("createtype", value) if kind.is_none() => kind = Some(value.trim_matches('"').to_owned()),
            ("createtype", _) => return harmful("Invalid VMDK descriptor data"),
            ("parentcid", "ffffffff") => {}
            ("parentcid" | "parentfilenamehint", _) => return harmful("Image has a backing file"),
            _ => {}
        }
    }
    if !matches!(kind.as_deref(), Some("monolithicsparse" | "streamoptimized")) {
        return harmful("Unsupported subformat");
    }
    match extents {
        1 => Ok(()),
        0 => harmful("No extents found"),
        _ => harmful("More than one extent found"),
    }
}

/// `RW 2048 SPARSE "name.vmdk"`
fn check_extent(line: &str, sectors: u64) -> Result<(), Refusal> {
    let harmful = |why| Err(Refusal::Unsafe { format: Format::Vmdk, why });
    let mut words = line.splitn(4, ' ').skip(1);
    if words.next().and_then(|word| word.parse::<u64>().ok()) != Some(sectors) {
        return harmful("An extent is not as large as the disk");
    }
    if words.next() != Some("sparse") {
        return harmful("Unsupported subformat");
    }
    let name = words.next().unwrap_or_default();
    if name.contains('/') || name.contains("..") {
        return harmful("Invalid extent filenames found");
    }
    Ok(())
}
