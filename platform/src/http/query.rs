//! A request's query: names and values in their order, names that come again included.

use std::{convert::Infallible, str::FromStr};

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::Fault;

/// The query of a request.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Names and values, decoded.
    pub pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads `a=b&c=d`.
    pub fn parse(query: &str) -> Self {
        Self { pairs: form_urlencoded::parse(query.as_bytes()).into_owned().collect() }
    }

    /// The last value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
        self.pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a name, read; 400 when it can't be.
    pub fn read<T: FromStr>(&self, name: &str) -> Result<Option<T>, Fault> {
        self.get(name).map(|text| text.parse()).transpose().map_err(|_| {
            Fault::bad_request(format!(
                "Invalid input for query parameters {name}. Value: {}",
                shown(self.get(name))
            ))
        })
    }

    /// The value of a name as a boolean in OpenStack's generous spelling; 400 when it is none.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text.to_ascii_lowercase().as_str() {
            "1" | "t" | "true" | "on" | "y" | "yes" => Ok(Some(true)),
            "0" | "f" | "false" | "off" | "n" | "no" => Ok(Some(false)),
            _ => Err(Fault::bad_request(format!(
                "Invalid value for {name}: {} is not a boolean.",
                shown(Some(text))
            ))),
        }
    }

    /// Refuses names that are none of these: 400.
    pub fn only(&self, known: &[&str]) -> Result<(), Fault> {
        match self.pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(Fault::bad_request(format!(
                "Invalid input for query parameters. Additional properties are not allowed ('{}' was unexpected)",
                shown(Some(name))
            ))),
        }
    }

    /// The query again, with one name's value replaced: for links to the next page.
    pub fn with(&self, name: &str, value: &str) -> String {
        let mut out = form_urlencoded::Serializer::new(String::new());
        for (known, kept) in self.pairs.iter().filter(|(known, _)| known != name) {
            out.append_pair(known, kept);
        }
        out.append_pair(name, value).finish()
    }
}

fn shown(text: Option<&str>) -> String {
    text.unwrap_or_default().chars().take(100).collect()
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}
