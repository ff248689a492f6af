//! Looking into an image's content before anybody trusts it: what it is, and whether it could harm who opens it.
//!
//! The format is never guessed later: what is declared is compared with what is there, once, when the content has
//! arrived, by parsers of our own that read headers only. Whatever is recognised as two things at once is refused, and
//! so is whatever points outside itself (backing files, data files, extents, parents).

mod iso;
mod qcow2;
mod source;
mod vdi;
mod vhd;
mod vhdx;
mod vmdk;

pub use source::{Content, Source};

use std::fmt;

/// Why content is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is something else.
    #[error("Image disk_format {declared} does not match stream data {found}")]
    Mismatch {
        /// What it is said to be.
        declared: String,
        /// What it is.
        found: Format,
    },
    /// It is several things at once.
    #[error("Multiple formats detected: {0}")]
    Ambiguous(String),
    /// It could make who opens it read or write something else.
    #[error("Image failed safety checks: {format}: {why}")]
    Unsafe {
        /// What it is.
        format: Format,
        /// Why.
        why: &'static str,
    },
    /// Its header makes no sense.
    #[error("The {format} header of the image is not valid: {why}")]
    Broken {
        /// What it is.
        format: Format,
        /// Why.
        why: &'static str,
    },
    /// It says to be larger than any disk here may be.
    #[error("The image declares a virtual size of {0} bytes, more than the {1} that are allowed")]
    TooLarge(u64, u64),
    /// It could not be read back.
    #[error("Image format inspection failed")]
    Unreadable(#[from] std::io::Error),
}

/// What content can be recognised as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Nothing that is known.
    Raw,
    /// QEMU's, versions 2 and 3 (and 1, which is refused).
    Qcow2,
    /// VMware's.
    Vmdk,
    /// Connectix' and Microsoft's old one.
    Vhd,
    /// Microsoft's new one.
    Vhdx,
    /// VirtualBox'.
    Vdi,
    /// ISO 9660 and UDF.
    Iso,
    /// Linux' encrypted volumes.
    Luks,
    /// A disk with a partition table (MBR or GPT).
    Partitioned,
    /// QEMU's enhanced disk: never accepted.
    Qed,
    /// Parallels', which OpenStack calls ploop.
    Parallels,
    /// Bochs': never accepted.
    Bochs,
    /// A compressed loop image: never accepted.
    Cloop,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
            Self::Vmdk => "vmdk",
            Self::Vhd => "vhd",
            Self::Vhdx => "vhdx",
            Self::Vdi => "vdi",
            Self::Iso => "iso",
            Self::Luks => "luks",
            Self::Partitioned => "gpt",
            Self::Qed => "qed",
            Self::Parallels => "parallels",
            Self::Bochs => "bochs",
            Self::Cloop => "cloop",
        })
    }
}

/// What is to be held against content.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The declared disk format.
    pub disk_format: &'a str,
    /// The declared container format.
    pub container_format: &'a str,
    /// Whether content that is nothing known is refused where a known format was declared.
    pub strict: bool,
    /// The largest virtual size, in bytes.
    pub largest: u64,
}

/// Compares content with what it is said to be. Answers the virtual size, where it is known.
pub fn judge(source: &dyn Source, expected: Expectation<'_>) -> Result<Option<u64>, Refusal> {
    let found = recognise(source)?;
    let format = single(&found)?;
    let mismatch = || Refusal::Mismatch { declared: expected.disk_format.to_owned(), found: format };
    let declared = match expected.disk_format {
        "qcow2" => Format::Qcow2,
        "vmdk" => Format::Vmdk,
        "vhd" => Format::Vhd,
        "vhdx" => Format::Vhdx,
        "vdi" => Format::Vdi,
        "iso" => Format::Iso,
        "ploop" => Format::Parallels,
        // Raw disks, kernels and ramdisks are handed on byte by byte: what is within them is the machine's own matter,
        // unless another program could take it for a disk format.
        _ => return if is_disk_format(format) { Err(mismatch()) } else { Ok(Some(source.len())) },
    };
    // A fixed VHD has its header at its end, where nobody else looks.
    if declared == Format::Vhd && format != Format::Vhd && !is_disk_format(format) && vhd::has_footer(source)?
    {
        return limited(vhd::check(source)?, expected.largest);
    }
    if format == declared {
        return limited(check(format, source)?, expected.largest);
    }
    let wrapped = !matches!(expected.container_format, "bare" | "ami" | "ari" | "aki");
    let unknown = matches!(format, Format::Raw | Format::Partitioned);
    if unknown && (wrapped || !expected.strict) { Ok(None) } else { Err(mismatch()) }
}

fn limited(size: Option<u64>, largest: u64) -> Result<Option<u64>, Refusal> {
    match size {
        Some(size) if size > largest => Err(Refusal::TooLarge(size, largest)),
        size => Ok(size),
    }
}

/// Whether programs that open disks would take it for anything but its bytes.
fn is_disk_format(format: Format) -> bool {
    !matches!(format, Format::Raw | Format::Iso | Format::Luks | Format::Partitioned)
}

fn check(format: Format, source: &dyn Source) -> Result<Option<u64>, Refusal> {
    match format {
        Format::Qcow2 => qcow2::check(source).map(Some),
        Format::Vmdk => vmdk::check(source).map(Some),
        Format::Vhd => vhd::check(source),
        Format::Vhdx => vhdx::check(source).map(Some),
        Format::Vdi => vdi::check(source).map(Some),
        Format::Iso => Ok(iso::size(source)?),
        Format::Parallels => Ok(None),
        other => Err(Refusal::Unsafe { format: other, why: "This file format is not allowed" }),
    }
}

/// The one format that was found. A bootable CD begins with a partition table, and an encrypted volume with random bytes.
fn single(found: &[Format]) -> Result<Format, Refusal> {
    match found {
        [] => Ok(Format::Raw),
        [one] => Ok(*one),
        [one @ (Format::Iso | Format::Luks), Format::Partitioned] => Ok(*one),
        several => {
            let names: Vec<String> = several.iter().map(Format::to_string).collect();
            Err(Refusal::Ambiguous(names.join(",")))
        }
    }
}

/// All formats whose signature is there, in their order.
fn recognise(source: &dyn Source) -> Result<Vec<Format>, Refusal> {
    let head = source.upto(0, 512)?;
    let starts = |signature: &[u8]| head.starts_with(signature);
    let mut found = Vec::new();
    let mut add = |format, is| {
        if is {
            found.push(format);
        }
    };
    add(Format::Qcow2, starts(b"QFI\xfb"));
    add(Format::Vmdk, vmdk::is(source)?);
    add(Format::Vhd, starts(b"conectix"));
    add(Format::Vhdx, starts(b"vhdxfile"));
    add(Format::Vdi, head.get(0x40..0x44) == Some(&[0x7f, 0x10, 0xda, 0xbe]));
    add(Format::Iso, iso::is(source)?);
    add(Format::Luks, starts(b"LUKS\xba\xbe"));
    add(Format::Partitioned, is_partitioned(&head));
    add(Format::Qed, starts(b"QED\0"));
    add(Format::Parallels, starts(b"WithoutFreeSpace") || starts(b"WithouFreSpacExt"));
    add(Format::Bochs, starts(b"Bochs Virtual HD Image\0"));
    add(Format::Cloop, starts(b"#!/bin/sh\n#V2.0 Format\nmodprobe cloop"));
    Ok(found)
}

/// Whether it begins as a partitioned disk does; the boot sector of a FAT file system ends alike.
fn is_partitioned(head: &[u8]) -> bool {
    let fat = head.get(0x10) == Some(&2) && head.get(0x15) == Some(&0xf8);
    head.get(510..512) == Some(&[0x55, 0xaa]) && !fat
}

#[cfg(test)]
mod tests;
