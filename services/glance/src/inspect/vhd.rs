//! VHD: a footer of 512 bytes at the end, and a copy of it at the start of images that grow.

use super::{
    Format, Refusal, Source,
    source::number::{be32, be64},
};

const FOOTER: u64 = 512;
const FIXED: u32 = 2;
const DYNAMIC: u32 = 3;
const DIFFERENCING: u32 = 4;

/// Whether it ends as one: a fixed image is all content, and then the footer.
pub(super) fn has_footer(source: &dyn Source) -> Result<bool, Refusal> {
    let Some(at) = source.len().checked_sub(FOOTER) else { return Ok(false) };
    Ok(source.upto(at, 8)? == b"conectix")
}

/// The virtual size, when the image stands on its own.
pub(super) fn check(source: &dyn Source) -> Result<Option<u64>, Refusal> {
    let head = source.upto(0, FOOTER as usize)?;
    let footer = if head.starts_with(b"conectix") {
        head
    } else {
        source.upto(source.len().saturating_sub(FOOTER), FOOTER as usize)?
    };
    if footer.len() < FOOTER as usize {
        return Err(Refusal::Broken { format: Format::Vhd, why: "it is cut off" });
    }
    match be32(&footer, 60) {
        FIXED | DYNAMIC => Ok(Some(be64(&footer, 48))),
        DIFFERENCING => Err(Refusal::Unsafe { format: Format::Vhd, why: "Image has a backing file" }),
        _ => Err(Refusal::Broken { format: Format::Vhd, why: "its type is not known" }),
    }
}
