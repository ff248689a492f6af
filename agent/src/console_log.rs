//! What a guest wrote to its serial console.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// The most that is ever read.
const MOST: u64 = 1 << 20;
/// What is read when no number of lines is asked for, as in OpenStack.
const USUAL: u64 = 100 << 10;

/// The end of a console's log: so many lines, or the usual amount. What is not UTF-8 is replaced. `None` when there is
/// no log.
pub(crate) fn tail(path: &Path, lines: Option<u32>) -> io::Result<Option<String>> {
    let limit = if lines.is_some() { MOST } else { USUAL };
    let Some(mut bytes) = last_bytes(path, limit)? else { return Ok(None) };
    // The log is rotated while the guest writes: just after that, most of it is in the file before.
    let missing = limit - bytes.len() as u64;
    if missing > 0
        && let Some(mut before) = last_bytes(&rotated(path), missing)?
    {
        before.append(&mut bytes);
        bytes = before;
    }
    // A character that was cut through is left out, not replaced.
    let whole = bytes.iter().take(3).position(|byte| byte & 0xc0 != 0x80).unwrap_or(0);
    let text = String::from_utf8_lossy(&bytes[whole..]);
    Ok(Some(match lines {
        None => text.into_owned(),
        Some(lines) => last_lines(&text, lines as usize).to_owned(),
    }))
}

fn rotated(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".0");
    name.into()
}

fn last_bytes(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(limit)))?;
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn last_lines(text: &str, count: usize) -> &str {
    if count == 0 {
        return "";
    }
    let body = text.strip_suffix('\n').unwrap_or(text);
    let start = body.rmatch_indices('\n').nth(count - 1).map_or(0, |(at, _)| at + 1);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_last_lines_are_those_asked_for() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc\n");
        assert_eq!(last_lines("a\nb\nc", 2), "b\nc");
        assert_eq!(last_lines("a\nb\n", 9), "a\nb\n");
        assert_eq!(last_lines("a\nb\n", 0), "");
        assert_eq!(last_lines("", 3), "");
    }

    #[test]
    fn a_long_log_is_cut_between_characters_and_what_is_not_text_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("console.log");
        assert_eq!(tail(&path, None).unwrap(), None);
        fs::write(&path, "€".repeat(1 << 20)).unwrap();
        let text = tail(&path, None).unwrap().unwrap();
        assert!(text.len() > (100 << 10) - 3 && text.chars().all(|letter| letter == '€'));
        fs::write(&path, b"ok\xff\nnext\n").unwrap();
        assert_eq!(tail(&path, Some(2)).unwrap().unwrap(), "ok\u{fffd}\nnext\n");
    }

    #[test]
    fn a_log_that_was_just_rotated_is_read_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("console.log");
        fs::write(rotated(&path), "one\ntwo\n").unwrap();
        fs::write(&path, "three\n").unwrap();
        assert_eq!(tail(&path, Some(2)).unwrap().unwrap(), "two\nthree\n");
    }
}
