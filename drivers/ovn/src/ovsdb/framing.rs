//! Finding where one JSON message ends and the next begins: JSON-RPC 1.0 on a stream has no separators.

use super::OvsdbError;

/// A database of a hundred thousand ports comes as one message of some hundred MB; beyond this, something is wrong.
const LARGEST_MESSAGE: usize = 1 << 30;

/// Takes bytes as they come and gives whole messages. Each byte is looked at once.
#[derive(Default)]
pub(super) struct Framer {
    buffer: Vec<u8>,
    scanned: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Framer {
    /// The buffer that new bytes are appended to.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// The next whole message, if it has arrived.
    pub(super) fn next(&mut self) -> Result<Option<serde_json::Value>, OvsdbError> {
        while self.scanned < self.buffer.len() {
            let byte = self.buffer[self.scanned];
            self.scanned += 1;
            if self.in_string {
                self.scan_in_string(byte);
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.checked_sub(1).ok_or_else(|| {
                        OvsdbError::Protocol("a bracket is closed that was not opened".to_owned())
                    })?;
                    if self.depth == 0 {
                        return self.take().map(Some);
                    }
                }
                byte if self.depth == 0 && !byte.is_ascii_whitespace() => {
                    return Err(OvsdbError::Protocol("a message does not begin with a bracket".to_owned()));
                }
                _ => {}
            }
        }
        if self.buffer.len() > LARGEST_MESSAGE {
            return Err(OvsdbError::Protocol("a message has no end".to_owned()));
        }
        Ok(None)
    }

    fn scan_in_string(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
    }

    fn take(&mut self) -> Result<serde_json::Value, OvsdbError> {
        let message = serde_json::from_slice(&self.buffer[..self.scanned]);
        self.buffer.drain(..self.scanned);
        self.scanned = 0;
        // The first answer can be a whole database; what follows is small, so its memory is given back.
        if self.buffer.capacity() > 1 << 20 {
            self.buffer.shrink_to(1 << 16);
        }
        message.map_err(|error| OvsdbError::Protocol(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all(framer: &mut Framer) -> Vec<serde_json::Value> {
        std::iter::from_fn(|| framer.next().unwrap()).collect()
    }

    #[test]
    fn messages_are_found_whatever_way_the_bytes_are_cut() {
        let first = json!({"id": 1, "result": [{"a": "}]\"\\"}], "error": null});
        let second = json!({"id": "echo", "method": "echo", "params": ["{[é"]});
        let stream = format!("{first}{second}\n  {first}");
        for size in 1..stream.len() {
            let mut framer = Framer::default();
            let mut seen = Vec::new();
            for piece in stream.as_bytes().chunks(size) {
                framer.buffer().extend_from_slice(piece);
                seen.extend(all(&mut framer));
            }
            assert_eq!(seen, [first.clone(), second.clone(), first.clone()]);
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["}", "GET / HTTP/1.1", "{\"a\":}", "[1,]"] {
            let mut framer = Framer::default();
            framer.buffer().extend_from_slice(text.as_bytes());
            assert!(framer.next().is_err(), "{text}");
        }
    }
}
