//! ISO 9660 and UDF: descriptors behind the first 32 KiB.

use super::{
    Refusal, Source,
    source::number::{le16, le32},
};

const DESCRIPTOR: u64 = 32 << 10;

/// Whether it is one.
pub(super) fn is(source: &dyn Source) -> Result<bool, Refusal> {
    let head = source.upto(DESCRIPTOR, 6)?;
    Ok(matches!(head.get(1..6), Some(b"CD001" | b"NSR02" | b"NSR03" | b"BEA01")))
}

/// The size of the volume, where the first descriptor is the primary one.
pub(super) fn size(source: &dyn Source) -> Result<Option<u64>, Refusal> {
    let descriptor = source.upto(DESCRIPTOR, 2048)?;
    if descriptor.len() < 132 || descriptor[0] != 1 {
        return Ok(None);
    }
    Ok(Some(u64::from(le32(&descriptor, 80)) * u64::from(le16(&descriptor, 128))))
}
