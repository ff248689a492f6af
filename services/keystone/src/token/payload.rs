//! What stands in a token: as little as possible, in MessagePack, under Fernet.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Unscoped,
    Project(String),
    Domain(String),
    System,
}

/// Ways to prove who one is, each with its bit. Never renumbered: tokens outlive an upgrade.
const METHODS: &[(&str, u16)] = &[
    ("password", 1),
    ("token", 2),
    ("application_credential", 4),
    ("totp", 8),
    ("external", 16),
    ("mapped", 32),
    ("oauth1", 64),
    ("ec2credential", 128),
];

/// What stands in a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payload {
    pub(crate) user: String,
    methods: u16,
    pub(crate) place: Place,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    /// Its own audit id.
    pub(crate) audit: [u8; 16],
    /// The audit id of the first token of its chain; none for the first.
    pub(crate) chain: Option<[u8; 16]>,
    pub(crate) application_credential: Option<String>,
    pub(crate) trust: Option<String>,
}

impl Payload {
    /// A payload with a new audit id.
    pub(crate) fn new<'m>(
        user: &str,
        methods: impl IntoIterator<Item = &'m str>,
        place: Place,
        issued_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Self {
        let bits = methods.into_iter().filter_map(|name| METHODS.iter().find(|(known, _)| *known == name));
        Self {
            user: user.to_owned(),
            methods: bits.fold(0, |all, (_, bit)| all | bit),
            place,
            issued_at,
            expires_at,
            audit: crate::ids::random(),
            chain: None,
            application_credential: None,
            trust: None,
        }
    }

    /// How the user proved who it is.
    pub(crate) fn methods(&self) -> Vec<&'static str> {
        METHODS.iter().filter(|(_, bit)| self.methods & bit != 0).map(|(name, _)| *name).collect()
    }

    /// The first audit id of its chain.
    pub(crate) fn root(&self) -> [u8; 16] {
        self.chain.unwrap_or(self.audit)
    }

    /// As bytes to be encrypted.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let (kind, target) = match &self.place {
            Place::Unscoped => (0, None),
            Place::Project(id) => (1, Some(Id(id.clone()))),
            Place::Domain(id) => (2, Some(Id(id.clone()))),
            Place::System => (3, None),
        };
        let id = |id: &Option<String>| id.clone().map(Id);
        rmp_serde::to_vec(&Wire {
            release: 1,
            user: Id(self.user.clone()),
            methods: self.methods,
            kind,
            target,
            issued: self.issued_at.timestamp_micros(),
            expires: self.expires_at.timestamp_micros(),
            audit: Sixteen(self.audit),
            chain: self.chain.map(Sixteen),
            application_credential: id(&self.application_credential),
            trust: id(&self.trust),
        })
        .ok()
    }

    /// From decrypted bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let wire: Wire = rmp_serde::from_slice(bytes).ok()?;
        if wire.release != 1 {
            return None;
        }
        let place = match (wire.kind, wire.target) {
            (0, None) => Place::Unscoped,
            (1, Some(id)) => Place::Project(id.0),
            (2, Some(id)) => Place::Domain(id.0),
            (3, None) => Place::System,
            _ => return None,
        };
        Some(Self {
            user: wire.user.0,
            methods: wire.methods,
            place,
            issued_at: DateTime::from_timestamp_micros(wire.issued)?,
            expires_at: DateTime::from_timestamp_micros(wire.expires)?,
            audit: wire.audit.0,
            chain: wire.chain.map(|chain| chain.0),
            application_credential: wire.application_credential.map(|id| id.0),
            trust: wire.trust.map(|id| id.0),
        })
    }
}

/// An audit id as it is shown.
pub(crate) fn audit_text(id: &[u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

/// The payload as it is written: an array, in this order.
#[derive(Serialize, Deserialize)]
struct Wire {
    release: u8,
    user: Id,
    methods: u16,
    kind: u8,
    target: Option<Id>,
    issued: i64,
    expires: i64,
    audit: Sixteen,
    chain: Option<Sixteen>,
    application_credential: Option<Id>,
    trust: Option<Id>,
}

/// An id: in 16 bytes where it is 32 hexadecimal digits, else as text.
struct Id(String);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match unhex(&self.0) {
            Some(bytes) => serializer.serialize_bytes(&bytes),
            None => serializer.serialize_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(Shorts)? {
            Short::Bytes(bytes) => Ok(Self(crate::ids::hex(&bytes))),
            Short::Text(text) => Ok(Self(text)),
        }
    }
}

struct Sixteen([u8; 16]);

impl Serialize for Sixteen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sixteen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(Shorts)? {
            Short::Bytes(bytes) => Ok(Self(bytes)),
            Short::Text(_) => Err(de::Error::custom("16 bytes are needed")),
        }
    }
}

enum Short {
    Bytes([u8; 16]),
    Text(String),
}

struct Shorts;

impl de::Visitor<'_> for Shorts {
    type Value = Short;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("16 bytes or a text")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Short, E> {
        bytes.try_into().map(Short::Bytes).map_err(|_| E::invalid_length(bytes.len(), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Short, E> {
        Ok(Short::Text(text.to_owned()))
    }
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    let digits = text.as_bytes();
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if digits.len() != 32 {
        return None;
    }
    let mut bytes = [0; 16];
    for (at, pair) in digits.chunks_exact(2).enumerate() {
        bytes[at] = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{new_id, now};

    fn payload(place: Place) -> Payload {
        let at = now();
        let mut payload =
            Payload::new(&new_id(), ["token", "password"], place, at, at + chrono::TimeDelta::hours(1));
        payload.chain = Some([7; 16]);
        payload.application_credential = Some(new_id());
        payload
    }

    #[test]
    fn a_payload_is_read_as_it_was_written() {
        for place in
            [Place::Unscoped, Place::Project(new_id()), Place::Domain("default".into()), Place::System]
        {
            let payload = payload(place);
            assert_eq!(Payload::decode(&payload.encode().unwrap()), Some(payload));
        }
    }

    #[test]
    fn a_project_scoped_token_is_short() {
        let folder = tempfile::tempdir().unwrap();
        let keys = crate::keys::KeyRepository::open(folder.path(), 3).unwrap();
        let token = keys.encrypt(&payload(Place::Project(new_id())).encode().unwrap()).unwrap();
        assert!(token.len() <= 255, "{}", token.len());
        assert!(token.starts_with("gAAAA") && !token.contains('='));
    }

    #[test]
    fn methods_are_kept() {
        assert_eq!(payload(Place::System).methods(), ["password", "token"]);
    }

    #[test]
    fn rubbish_is_no_payload() {
        assert_eq!(Payload::decode(b""), None);
        assert_eq!(Payload::decode(b"\x93\x01\x02\x03"), None);
    }
}
