//! In which form payloads come and go: text, or bytes that are written in base64 where only text can be.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::error::Error;

/// The kinds of payload, as they are called when a secret is shown.
pub(crate) const TEXT: &str = "text/plain";
const BYTES: [&str; 2] = ["application/octet-stream", "application/pkcs8"];

/// A content type as it is kept: without a charset, which can only be UTF-8. None for what is not supported.
pub(crate) fn normal(kind: &str) -> Option<&'static str> {
    let mut parts = kind.split(';').map(|part| part.trim().to_ascii_lowercase());
    let name = parts.next()?;
    if let Some(charset) = parts.next()
        && charset.split_once('=').map(|(_, value)| value.trim()) != Some("utf-8")
    {
        return None;
    }
    [TEXT, BYTES[0], BYTES[1]].into_iter().find(|known| *known == name)
}

/// A payload out of JSON, where bytes must be in base64: its content type, and the payload itself.
pub(crate) fn from_json(
    payload: &str,
    kind: Option<&str>,
    encoding: Option<&str>,
) -> Result<(&'static str, Vec<u8>), Error> {
    let wrong = |property, why| Error::Invalid { schema: "Secret", property, why };
    let payload = payload.trim();
    let kind = kind.ok_or_else(|| {
        wrong(
            "payload_content_type",
            "If 'payload' is supplied, 'payload_content_type' must also be supplied.",
        )
    })?;
    let kind = normal(kind)
        .ok_or_else(|| wrong("payload_content_type", "payload_content_type is not one that is supported"))?;
    if payload.is_empty() {
        return Err(wrong("payload", "If 'payload' specified, must be non empty"));
    }
    match (kind, encoding) {
        (TEXT, None) => Ok((kind, payload.as_bytes().to_vec())),
        (TEXT, Some(_)) | (_, None) => {
            Err(wrong("payload_content_encoding", "payload_content_encoding is not one that is supported"))
        }
        (_, Some(_)) => Ok((
            kind,
            BASE64_STANDARD
                .decode(payload)
                .map_err(|_| wrong("payload", "Invalid payload for payload_content_encoding"))?,
        )),
    }
}

/// A payload that came as the body of a request.
pub(crate) fn from_body(
    body: &[u8],
    kind: Option<&str>,
    encoding: Option<&str>,
) -> Result<(&'static str, Vec<u8>), Error> {
    let shown = || kind.unwrap_or("None").chars().take(64).collect();
    let kind = kind
        .and_then(normal)
        .filter(|kind| [TEXT, BYTES[0]].contains(kind))
        .ok_or_else(|| Error::MediaType(shown()))?;
    if body.is_empty() {
        return Err(Error::BadRequest("No data supplied to process."));
    }
    let payload = match encoding.map(str::to_ascii_lowercase).as_deref() {
        Some("base64") if kind != TEXT => {
            BASE64_STANDARD.decode(body).map_err(|_| Error::BadRequest("Unable to decode request data."))?
        }
        None => body.to_vec(),
        Some(_) => return Err(Error::BadRequest("Secret Content-Encoding not supported")),
    };
    if kind == TEXT && std::str::from_utf8(&payload).is_err() {
        return Err(Error::BadRequest("Unable to decode request data."));
    }
    Ok((kind, payload))
}

/// As what a payload of that kind is answered to who accepts these.
pub(crate) fn acceptable(
    kept: &'static str,
    accept: Option<&str>,
    payload: &[u8],
) -> Result<&'static str, Error> {
    let wanted = match accept {
        None | Some("") => BYTES[0],
        Some(accept) => accept
            .split(',')
            .find_map(|one| match one.split(";q").next().unwrap_or(one).trim() {
                "*/*" => Some(kept),
                one => normal(one),
            })
            .ok_or(Error::NotAcceptable)?,
    };
    if wanted == TEXT && std::str::from_utf8(payload).is_err() {
        return Err(Error::NotAcceptable);
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charset_is_utf_8_or_none() {
        assert_eq!(normal("text/plain; charset=UTF-8"), Some(TEXT));
        assert_eq!(normal("text/plain;charset=latin-1"), None);
        assert_eq!(normal("text/plain;charset"), None);
        assert_eq!(normal("image/png"), None);
    }

    #[test]
    fn bytes_in_json_are_in_base64_and_text_is_not() {
        assert_eq!(from_json(" aGk= ", Some(BYTES[0]), Some("base64")).unwrap().1, b"hi");
        assert!(from_json("%%", Some(BYTES[0]), Some("base64")).is_err());
        assert!(from_json("aGk=", Some(BYTES[0]), None).is_err());
        assert!(from_json("hi", Some(TEXT), Some("base64")).is_err());
        assert!(from_json("hi", None, None).is_err());
        assert!(from_json(" ", Some(TEXT), None).is_err());
    }

    #[test]
    fn a_payload_is_answered_as_it_was_kept_or_as_bytes() {
        assert_eq!(acceptable(TEXT, Some("*/*"), b"hi").unwrap(), TEXT);
        assert_eq!(acceptable(TEXT, None, b"hi").unwrap(), BYTES[0]);
        assert_eq!(acceptable(BYTES[0], Some(TEXT), b"hi").unwrap(), TEXT);
        assert!(acceptable(BYTES[0], Some(TEXT), &[0xff]).is_err());
        assert!(acceptable(TEXT, Some("application/json"), b"hi").is_err());
    }
}
