//! VDI: a little-endian header of 512 bytes.

use super::{
    Format, Refusal, Source,
    source::number::{le32, le64},
};

/// The virtual size, when the image stands on its own.
pub(super) fn check(source: &dyn Source) -> Result<u64, Refusal> {
    let header = source.upto(0, 512)?;
    if header.len() < 512 {
        return Err(Refusal::Broken { format: Format::Vdi, why: "it is cut off" });
    }
    // Dynamic and static; the others are differences to another image.
    let whole = matches!(le32(&header, 0x4c), 1 | 2);
    let linked = [0x1a8, 0x1b8].iter().any(|&at| header[at..at + 16].iter().any(|&byte| byte != 0));
    if !whole || linked {
        return Err(Refusal::Unsafe { format: Format::Vdi, why: "Image has a backing file" });
    }
    Ok(le64(&header, 0x170))
}
