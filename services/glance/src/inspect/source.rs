//! Content that can be looked into anywhere.

use std::{fs::File, io, os::unix::fs::FileExt};

/// Content that can be looked into anywhere.
pub trait Source {
    /// Its length.
    fn len(&self) -> u64;

    /// Whether there is nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills the buffer from there, or fails.
    fn exactly(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// So many bytes from there, or as many as there are.
    fn upto(&self, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let there = self.len().saturating_sub(offset);
        let mut bytes = vec![0; usize::try_from(there).unwrap_or(most).min(most)];
        if !bytes.is_empty() {
            self.exactly(offset, &mut bytes)?;
        }
        Ok(bytes)
    }
}

/// A file with its length.
pub struct Content {
    file: File,
    len: u64,
}

impl Content {
    /// The file as it is now.
    pub fn new(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { file, len })
    }
}

impl Source for Content {
    fn len(&self) -> u64 {
        self.len
    }

    fn exactly(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

impl Source for Vec<u8> {
    fn len(&self) -> u64 {
        Vec::len(self) as u64
    }

    fn exactly(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let end = from.checked_add(buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let bytes = self.get(from..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}

/// Numbers out of a header. What lies beyond its end is zero: the lengths of headers are checked before.
pub(super) mod number {
    fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
        bytes.get(at..at + N).and_then(|part| part.try_into().ok()).unwrap_or([0; N])
    }

    pub(in crate::inspect) fn be32(bytes: &[u8], at: usize) -> u32 {
        u32::from_be_bytes(array(bytes, at))
    }
    pub(in crate::inspect) fn be64(bytes: &[u8], at: usize) -> u64 {
        u64::from_be_bytes(array(bytes, at))
    }
    pub(in crate::inspect) fn le16(bytes: &[u8], at: usize) -> u16 {
        u16::from_le_bytes(array(bytes, at))
    }
    pub(in crate::inspect) fn le32(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(array(bytes, at))
    }
    pub(in crate::inspect) fn le64(bytes: &[u8], at: usize) -> u64 {
        u64::from_le_bytes(array(bytes, at))
    }
}
