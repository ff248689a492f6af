//! VHDX: a table of regions; the metadata region has a table of items; items have the size and say of a parent.

use super::{
    Format, Refusal, Source,
    source::number::{le16, le32, le64},
};

const REGIONS: u64 = 192 << 10;
const TABLE: usize = 64 << 10;
const METADATA: [u8; 16] =
    [0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b, 0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e];
const SIZE: [u8; 16] =
    [0x24, 0x42, 0xa5, 0x2f, 0x1b, 0xcd, 0x76, 0x48, 0xb2, 0x11, 0x5d, 0xbe, 0xd8, 0x3b, 0xf4, 0xb8];
const FILE_PARAMETERS: [u8; 16] =
    [0x37, 0x67, 0xa1, 0xca, 0x36, 0xfa, 0x43, 0x4d, 0xb3, 0xb6, 0x33, 0xf0, 0xaa, 0x44, 0xe7, 0x6b];
const HAS_PARENT: u32 = 2;

/// The virtual size, when the image stands on its own.
pub(super) fn check(source: &dyn Source) -> Result<u64, Refusal> {
    let broken = |why| Refusal::Broken { format: Format::Vhdx, why };
    let regions = source.upto(REGIONS, TABLE)?;
    if regions.get(..4) != Some(b"regi") {
        return Err(broken("its region table is missing"));
    }
    let region = entry(&regions, 16, u64::from(le32(&regions, 8)), &METADATA)
        .ok_or_else(|| broken("its metadata region is missing"))?;
    let at = le64(region, 16);
    let table = source.upto(at, TABLE)?;
    if table.get(..8) != Some(b"metadata") {
        return Err(broken("its metadata region is not valid"));
    }
    let item = |guid: &[u8; 16], length: usize| -> Result<Vec<u8>, Refusal> {
        let entry = entry(&table, 32, u64::from(le16(&table, 10)), guid)
            .ok_or_else(|| broken("a metadata item is missing"))?;
        let place = at.checked_add(u64::from(le32(entry, 16))).ok_or_else(|| broken("an offset is wrong"))?;
        let bytes = source.upto(place, length)?;
        if bytes.len() == length { Ok(bytes) } else { Err(broken("it is cut off")) }
    };
    if le32(&item(&FILE_PARAMETERS, 8)?, 4) & HAS_PARENT != 0 {
        return Err(Refusal::Unsafe { format: Format::Vhdx, why: "Image has a backing file" });
    }
    Ok(le64(&item(&SIZE, 8)?, 0))
}

/// The entry of a table (of 32 bytes each, behind the table's head) that has that id.
fn entry<'a>(table: &'a [u8], head: usize, count: u64, guid: &[u8; 16]) -> Option<&'a [u8]> {
    let count = usize::try_from(count).ok()?.min(2047);
    table.get(head..)?.chunks_exact(32).take(count).find(|entry| entry.starts_with(guid))
}
