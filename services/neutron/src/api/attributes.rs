//! Attributes: each resource declares its own in a table, and bodies are read by it.
//!
//! Neutron's bodies are more generous than those of other services (`"True"` is a boolean, `"1500"` a number) and its
//! refusals have words of their own, so they are read here and not by a JSON schema.

use std::{
    collections::{BTreeMap, HashSet},
    net::IpAddr,
};

use ipnet::IpNet;
use platform::{http::Cx, policy::Target};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Neutron, address::normal_mac, error::Error};

/// What an attribute's value must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Is {
    /// A text of at most so many characters.
    Text(usize),
    /// The same, or null.
    MaybeText(usize),
    /// A boolean.
    Flag,
    /// A number within these bounds.
    Number(i64, i64),
    /// The same, or null.
    MaybeNumber(i64, i64),
    /// A UUID.
    Id,
    /// The same, or null.
    MaybeId,
    /// An address, or null.
    MaybeAddress,
    /// A range, or null.
    MaybeRange,
    /// A MAC address, or null.
    MaybeMac,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// The same, or null.
    MaybeOneOf(&'static [&'static str]),
    /// The name of a host in DNS, or nothing.
    Hostname,
    /// A structure that its resource reads.
    Any,
}

/// When an attribute has a policy of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    Never,
    /// Whenever it is given.
    Given,
    /// When it is given and says more than nothing (`false`, `null`, empty).
    Said,
}

/// An attribute of a resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute {
    name: &'static str,
    is: Is,
    create: bool,
    update: bool,
    required: bool,
    guard: Guard,
}

impl Attribute {
    /// It can be said at the creation and changed later.
    pub(crate) const fn new(name: &'static str, is: Is) -> Self {
        Self { name, is, create: true, update: true, required: false, guard: Guard::Never }
    }
    /// It can only be said at the creation.
    pub(crate) const fn fixed(mut self) -> Self {
        self.update = false;
        self
    }
    /// It can only be changed.
    pub(crate) const fn later(mut self) -> Self {
        self.create = false;
        self
    }
    /// It is only shown.
    pub(crate) const fn shown(name: &'static str) -> Self {
        Self { name, is: Is::Any, create: false, update: false, required: false, guard: Guard::Never }
    }
    /// It must be said at the creation.
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }
    /// It has a policy of its own, asked whenever it is given.
    pub(crate) const fn guarded(mut self) -> Self {
        self.guard = Guard::Given;
        self
    }
    /// It has a policy of its own, asked when it says more than nothing.
    pub(crate) const fn guarded_if_said(mut self) -> Self {
        self.guard = Guard::Said;
        self
    }
}

/// What every resource has.
const STANDARD: &[Attribute] = &[
    Attribute::shown("id"),
    Attribute::new("project_id", Is::Text(255)).fixed(),
    Attribute::new("tenant_id", Is::Text(255)).fixed(),
    Attribute::new("description", Is::Text(255)),
    Attribute::shown("created_at"),
    Attribute::shown("updated_at"),
    Attribute::shown("revision_number"),
    Attribute::shown("status"),
];

/// Whether a resource is made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Update,
}

/// The attributes of a body, read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    values: BTreeMap<&'static str, Value>,
    guarded: Vec<&'static str>,
}

/// The resources of a body: one under its name, or several under the plural.
pub(crate) struct Bodies {
    /// Whether the answer is to be a list.
    pub(crate) bulk: bool,
    /// What was given for each.
    pub(crate) given: Vec<Given>,
}

/// The most resources that one body makes.
const MOST_AT_ONCE: usize = 1000;

/// Reads a body that creates.
pub(crate) fn read_create(
    body: Value,
    singular: &str,
    plural: &str,
    attributes: &[Attribute],
) -> Result<Bodies, Error> {
    let Value::Object(mut members) = body else { return Err(unreadable(singular)) };
    if let Some(one) = members.remove(singular) {
        return Ok(Bodies { bulk: false, given: vec![read(one, singular, attributes, Verb::Create)?] });
    }
    let Some(Value::Array(many)) = members.remove(plural) else { return Err(unreadable(singular)) };
    if many.is_empty() || many.len() > MOST_AT_ONCE {
        return Err(Error::bad_request(format!("Between 1 and {MOST_AT_ONCE} resources are needed")));
    }
    let given = many
        .into_iter()
        .map(|one| match one {
            // Each may be wrapped again: `{"ports": [{"port": {...}}]}`.
            Value::Object(mut inner) if inner.len() == 1 && inner.contains_key(singular) => {
                read(inner.remove(singular).unwrap_or_default(), singular, attributes, Verb::Create)
            }
            one => read(one, singular, attributes, Verb::Create),
        })
        .collect::<Result<_, _>>()?;
    Ok(Bodies { bulk: true, given })
}

/// Reads a body that changes.
pub(crate) fn read_update(body: Value, singular: &str, attributes: &[Attribute]) -> Result<Given, Error> {
    let Value::Object(mut members) = body else { return Err(unreadable(singular)) };
    let Some(one) = members.remove(singular) else { return Err(unreadable(singular)) };
    read(one, singular, attributes, Verb::Update)
}

fn unreadable(singular: &str) -> Error {
    Error::bad_request(format!("Unable to find '{singular}' in request body"))
}

/// Reads the attributes of one resource.
pub(crate) fn read(
    value: Value,
    singular: &str,
    attributes: &[Attribute],
    verb: Verb,
) -> Result<Given, Error> {
    let Value::Object(members) = value else { return Err(unreadable(singular)) };
    let known = |name: &str| attributes.iter().chain(STANDARD).find(|attribute| attribute.name == name);
    let mut unknown: Vec<&str> =
        members.keys().map(String::as_str).filter(|name| known(name).is_none()).collect();
    if !unknown.is_empty() {
        unknown.sort_unstable();
        return Err(Error::bad_request(format!("Unrecognized attribute(s) '{}'", unknown.join(", "))));
    }
    if verb == Verb::Create {
        let missing = attributes.iter().find(|one| one.required && !members.contains_key(one.name));
        if let Some(missing) = missing {
            return Err(Error::bad_request(format!(
                "Failed to parse request. Required attribute '{}' not specified",
                missing.name
            )));
        }
    }
    let mut given = Given::default();
    for (name, value) in members {
        let Some(attribute) = known(&name) else { continue };
        match verb {
            Verb::Create if !attribute.create => {
                return Err(Error::bad_request(format!("Attribute '{name}' not allowed in POST")));
            }
            Verb::Update if !attribute.update => {
                return Err(Error::bad_request(format!("Cannot update read-only attribute {name}")));
            }
            _ => {}
        }
        let value = normal(attribute, value)?;
        let said = match &value {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(list) => !list.is_empty(),
            _ => true,
        };
        match attribute.guard {
            Guard::Given => given.guarded.push(attribute.name),
            Guard::Said if said || verb == Verb::Update => given.guarded.push(attribute.name),
            _ => {}
        }
        given.values.insert(attribute.name, value);
    }
    Ok(given)
}

/// A value in its one spelling. 400 when it is none.
fn normal(attribute: &Attribute, value: Value) -> Result<Value, Error> {
    let name = attribute.name;
    let shown = match &value {
        Value::String(text) => text.chars().take(300).collect(),
        Value::Null => "None".to_owned(),
        Value::Bool(flag) => if *flag { "True" } else { "False" }.to_owned(),
        other => other.to_string().chars().take(300).collect::<String>(),
    };
    let refuse = |reason: &str| Err(Error::bad_value(name, format!("'{shown}' {reason}")));
    // Values that are converted are refused in other words than values that are checked.
    let inconvertible = |what: &str| Err(Error::invalid(format!("'{shown}' {what}")));
    match (attribute.is, value) {
        (Is::Any, value) => Ok(value),
        (
            Is::MaybeText(_)
            | Is::MaybeId
            | Is::MaybeAddress
            | Is::MaybeRange
            | Is::MaybeMac
            | Is::MaybeOneOf(_)
            | Is::MaybeNumber(..),
            Value::Null,
        ) => Ok(Value::Null),
        (Is::Text(most) | Is::MaybeText(most), Value::String(text)) => {
            if text.chars().count() > most {
                return refuse(&format!("exceeds maximum length of {most}"));
            }
            if text.contains('\0') {
                return refuse("is not a valid string");
            }
            Ok(Value::String(text))
        }
        (Is::Flag, Value::Bool(flag)) => Ok(Value::Bool(flag)),
        (Is::Flag, Value::Number(number)) if [Some(0), Some(1)].contains(&number.as_i64()) => {
            Ok(Value::Bool(number.as_i64() == Some(1)))
        }
        (Is::Flag, Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => inconvertible("cannot be converted to boolean"),
        },
        (Is::Number(least, most) | Is::MaybeNumber(least, most), value) => {
            let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
            match number {
                Some(number) if (least..=most).contains(&number) => Ok(Value::from(number)),
                Some(_) => refuse(&format!("is not in range {least} through {most}")),
                None => inconvertible("is not an integer"),
            }
        }
        (Is::Id | Is::MaybeId, Value::String(text)) => match text.parse::<Uuid>() {
            Ok(id) => Ok(Value::String(id.to_string())),
            Err(_) => refuse("is not a valid UUID"),
        },
        (Is::MaybeAddress, Value::String(text)) => match text.parse::<IpAddr>() {
            Ok(address) => Ok(Value::String(address.to_string())),
            Err(_) => refuse("is not a valid IP address"),
        },
        (Is::MaybeRange, Value::String(text)) => match text.parse::<IpNet>() {
            Ok(range) => Ok(Value::String(range.to_string())),
            Err(_) => match text.parse::<IpAddr>() {
                Ok(address) => Ok(Value::String(IpNet::from(address).to_string())),
                Err(_) => refuse("is not a valid IP subnet"),
            },
        },
        (Is::MaybeMac, Value::String(text)) => match normal_mac(&text) {
            Some(mac) => Ok(Value::String(mac)),
            None => refuse("is not a valid MAC address"),
        },
        (Is::OneOf(known) | Is::MaybeOneOf(known), Value::String(text)) => {
            if known.contains(&text.as_str()) {
                Ok(Value::String(text))
            } else {
                refuse(&format!("is not in {known:?}").replace('"', "'"))
            }
        }
        (Is::Hostname, Value::String(text)) => {
            if is_hostname(&text) {
                Ok(Value::String(text.to_ascii_lowercase()))
            } else {
                refuse("not a valid PQDN or FQDN")
            }
        }
        (Is::Hostname, Value::Null) => Ok(Value::String(String::new())),
        (Is::Text(_) | Is::MaybeText(_), _) => refuse("is not a valid string"),
        (Is::Flag, _) => inconvertible("cannot be converted to boolean"),
        (_, _) => refuse("is not valid"),
    }
}

/// Whether a text is a name in DNS (labels of letters, digits and hyphens) or nothing.
pub(crate) fn is_hostname(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.is_empty() || (text.len() <= 253 && text.trim_end_matches('.').split('.').all(label))
}

impl Given {
    /// Whether it was given, be it as null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// A text; `None` when it was not given, or null.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    pub(crate) fn text_or(&self, name: &str, otherwise: &str) -> String {
        self.text(name).unwrap_or(otherwise).to_owned()
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name)?.as_bool()
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.value(name)?.as_i64()
    }

    /// An id, an address, a range: whatever is read from a text.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// A structure. 400 when it has another shape; `None` when it was not given, or null.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        match self.value(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                serde_json::from_value(value.clone()).map(Some).map_err(|error| Error::bad_value(name, error))
            }
        }
    }

    /// Changes a text where another was given.
    pub(crate) fn set_text(&self, name: &str, place: &mut String) {
        if let Some(text) = self.text(name) {
            text.clone_into(place);
        }
    }

    /// Changes a flag where another was given.
    pub(crate) fn set_flag(&self, name: &str, place: &mut bool) {
        if let Some(flag) = self.flag(name) {
            *place = flag;
        }
    }

    /// The project that the resource is to belong to. Only an administrator names another than its own.
    pub(crate) fn project(&self, cx: &Cx<Neutron>) -> Result<String, Error> {
        let (project, tenant) = (self.text("project_id"), self.text("tenant_id"));
        if let (Some(project), Some(tenant)) = (project, tenant)
            && project != tenant
        {
            return Err(Error::bad_request("'project_id' and 'tenant_id' do not match"));
        }
        let own = cx.caller.project_id();
        match project.or(tenant) {
            None => Ok(cx.project_id()?.to_owned()),
            Some(named) if Some(named) == own || cx.is_admin() || cx.may("service_api", &Target::none()) => {
                Ok(named.to_owned())
            }
            Some(_) => Err(Error::bad_request(
                "Specifying 'project_id' other than the authenticated project in request is not allowed for the current user.",
            )),
        }
    }

    /// The caller may give what it gave to this. Else 403.
    pub(crate) fn allow(&self, cx: &Cx<Neutron>, action: &str, target: &Target<'_>) -> Result<(), Error> {
        for name in &self.guarded {
            let rule = format!("{action}:{name}");
            if !cx.may(&rule, target) {
                return Err(Error::forbidden(rule));
            }
        }
        Ok(())
    }
}

/// The members of an object, and that there are no others.
pub(crate) fn only(map: &Map<String, Value>, attribute: &str, known: &[&str]) -> Result<(), Error> {
    let known: HashSet<&str> = known.iter().copied().collect();
    match map.keys().find(|key| !known.contains(key.as_str())) {
        Some(other) => Err(Error::bad_value(attribute, format!("Unexpected keys supplied: '{other}'"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TABLE: &[Attribute] = &[
        Attribute::new("name", Is::Text(5)),
        Attribute::new("up", Is::Flag),
        Attribute::new("network_id", Is::Id).fixed().required(),
        Attribute::new("mtu", Is::Number(0, 9000)),
        Attribute::new("dns_name", Is::Hostname),
        Attribute::new("routes", Is::Any).later(),
    ];

    fn message(body: Value, verb: Verb) -> String {
        match read(body, "thing", TABLE, verb) {
            Ok(given) => format!("{:?}", given.values),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn refusals_have_neutrons_words() {
        let id = "6a3bd5c6-9b5f-4b3c-8a53-3b4a6cbb1a01";
        let create = |more: Value| {
            let mut body = json!({"network_id": id});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            message(body, Verb::Create)
        };
        assert_eq!(create(json!({"x": 1, "a": 2})), "Unrecognized attribute(s) 'a, x'");
        assert_eq!(
            message(json!({}), Verb::Create),
            "Failed to parse request. Required attribute 'network_id' not specified"
        );
        assert_eq!(create(json!({"routes": []})), "Attribute 'routes' not allowed in POST");
        assert_eq!(
            message(json!({"network_id": id}), Verb::Update),
            "Cannot update read-only attribute network_id"
        );
        assert_eq!(
            create(json!({"name": "123456"})),
            "Invalid input for name. Reason: '123456' exceeds maximum length of 5."
        );
        assert_eq!(create(json!({"name": 5})), "Invalid input for name. Reason: '5' is not a valid string.");
        assert_eq!(
            create(json!({"up": "perhaps"})),
            "Invalid input for operation: 'perhaps' cannot be converted to boolean."
        );
        assert!(create(json!({"mtu": 9001})).contains("is not in range 0 through 9000"));
        assert!(create(json!({"dns_name": "a b"})).contains("not a valid PQDN or FQDN"));
    }

    #[test]
    fn generous_spellings_are_understood() {
        let body = json!({"network_id": "6A3BD5C6-9B5F-4B3C-8A53-3B4A6CBB1A01", "up": "True", "mtu": "1400"});
        let given = read(body, "thing", TABLE, Verb::Create).unwrap();
        assert_eq!(given.flag("up"), Some(true));
        assert_eq!(given.number("mtu"), Some(1400));
        assert_eq!(given.text("network_id"), Some("6a3bd5c6-9b5f-4b3c-8a53-3b4a6cbb1a01"));
    }
}
