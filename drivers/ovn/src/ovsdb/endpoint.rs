//! Where an OVSDB server listens, in Open vSwitch's own notation.

use std::{fmt, path::PathBuf, str::FromStr};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};

use super::OvsdbError;

/// Something that an OVSDB server listens on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Address {
    Unix(PathBuf),
    Tcp { host: String, port: u16 },
}

/// One or more addresses of the members of one database, tried in turn: `unix:/path`, `tcp:192.0.2.1:6641`, or several
/// with commas between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    addresses: Vec<Address>,
}

pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

impl Endpoint {
    /// A Unix socket.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Endpoint { addresses: vec![Address::Unix(path.into())] }
    }

    /// Connects to the address whose turn it is in this attempt.
    pub(super) async fn connect(&self, attempt: usize) -> std::io::Result<(Reader, Writer)> {
        match &self.addresses[attempt % self.addresses.len()] {
            Address::Unix(path) => {
                let (reader, writer) = UnixStream::connect(path).await?.into_split();
                Ok((Box::new(reader), Box::new(writer)))
            }
            Address::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                let (reader, writer) = stream.into_split();
                Ok((Box::new(reader), Box::new(writer)))
            }
        }
    }
}

impl FromStr for Endpoint {
    type Err = OvsdbError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let addresses = text.split(',').map(|one| parse(one.trim())).collect::<Result<Vec<_>, _>>()?;
        Ok(Endpoint { addresses })
    }
}

fn parse(text: &str) -> Result<Address, OvsdbError> {
    let wrong = || OvsdbError::Protocol(format!("{text:?} is neither unix:PATH nor tcp:HOST:PORT"));
    if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
        return Ok(Address::Unix(path.into()));
    }
    let (host, port) = text.strip_prefix("tcp:").and_then(|rest| rest.rsplit_once(':')).ok_or_else(wrong)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() {
        return Err(wrong());
    }
    Ok(Address::Tcp { host: host.to_owned(), port: port.parse().map_err(|_| wrong())? })
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, address) in self.addresses.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            match address {
                Address::Unix(path) => write!(f, "unix:{}", path.display())?,
                Address::Tcp { host, port } if host.contains(':') => write!(f, "tcp:[{host}]:{port}")?,
                Address::Tcp { host, port } => write!(f, "tcp:{host}:{port}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_and_written_in_open_vswitchs_notation() {
        for text in
            ["unix:/run/ovn/nb.sock", "tcp:192.0.2.1:6641", "tcp:[2001:db8::1]:6641", "tcp:a:1,tcp:b:2"]
        {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        for text in ["", "unix:", "tcp:host", "tcp::6641", "ssl:192.0.2.1:6641", "tcp:a:99999"] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }
}
