//! qcow2: a big-endian header, then extensions, in the first cluster.

use super::{
    Format, Refusal, Source,
    source::number::{be32, be64},
};

/// Incompatible features that are known and harmless: dirty, compression type, extended L2 entries.
const KNOWN: u64 = 1 | 1 << 3 | 1 << 4;
const CORRUPT: u64 = 1 << 1;
const DATA_FILE: u64 = 1 << 2;

/// The header extension that names an external data file.
const DATA_FILE_NAME: u32 = 0x4441_5441;

const LONGEST_HEADER: u64 = 4096;

/// The virtual size, when the image stands on its own.
pub(super) fn check(source: &dyn Source) -> Result<u64, Refusal> {
    let harmful = |why| Err(Refusal::Unsafe { format: Format::Qcow2, why });
    let broken = |why| Err(Refusal::Broken { format: Format::Qcow2, why });
    let header = source.upto(0, LONGEST_HEADER as usize)?;
    if header.len() < 72 {
        return broken("it is cut off");
    }
    let version = be32(&header, 4);
    if version != 2 && version != 3 {
        return harmful("Unsupported qcow2 version");
    }
    if be64(&header, 8) != 0 || be32(&header, 16) != 0 {
        return harmful("Image has a backing file");
    }
    let mut end = 72;
    if version == 3 {
        if header.len() < 104 {
            return broken("it is cut off");
        }
        let features = be64(&header, 72);
        if features & DATA_FILE != 0 {
            return harmful("Image has data_file set");
        }
        if features & CORRUPT != 0 {
            return harmful("Image is marked corrupt");
        }
        if features & !KNOWN != 0 {
            return harmful("Unknown QCOW2 features found");
        }
        end = be32(&header, 100) as usize;
        if end < 104 || end > header.len() || end % 8 != 0 {
            return broken("its length is wrong");
        }
    }
    let cluster_bits = be32(&header, 20);
    if !(9..=21).contains(&cluster_bits) {
        return broken("its cluster size is wrong");
    }
    extensions(&header, end, version)?;
    tables(source, &header, cluster_bits)?;
    Ok(be64(&header, 24))
}

fn extensions(header: &[u8], mut at: usize, version: u32) -> Result<(), Refusal> {
    // A header of version 2 without extensions may be followed by anything but names of files.
    while at + 8 <= header.len() {
        let (kind, length) = (be32(header, at), be32(header, at + 4) as usize);
        match kind {
            0 => return Ok(()),
            DATA_FILE_NAME => {
                return Err(Refusal::Unsafe { format: Format::Qcow2, why: "Image has data_file set" });
            }
            _ if length > header.len() && version == 3 => {
                return Err(Refusal::Broken { format: Format::Qcow2, why: "an extension is too long" });
            }
            _ => at = at.saturating_add(8 + length.next_multiple_of(8)),
        }
    }
    Ok(())
}

/// The first-level table must reach as far as the disk is said to be, and lie within the file.
fn tables(source: &dyn Source, header: &[u8], cluster_bits: u32) -> Result<(), Refusal> {
    let broken = |why| Err(Refusal::Broken { format: Format::Qcow2, why });
    let size = be64(header, 24);
    let entries = u64::from(be32(header, 36));
    let offset = be64(header, 40);
    let entry_bits = if be32(header, 4) == 3 && be64(header, 72) & (1 << 4) != 0 { 4 } else { 3 };
    // Bytes that one entry of the first level stands for: a cluster for each entry of a second-level table.
    let reach = 1u128 << (2 * cluster_bits - entry_bits);
    if u128::from(size) > u128::from(entries) * reach {
        return broken("it declares more than its tables can hold");
    }
    if entries > 0 && offset.checked_add(entries * 8).is_none_or(|end| end > source.len()) {
        return broken("its tables lie beyond the end of the file");
    }
    if be64(header, 48) >= source.len() {
        return broken("its tables lie beyond the end of the file");
    }
    Ok(())
}
