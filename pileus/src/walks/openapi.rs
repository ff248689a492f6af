//! The public OpenAPI data of OpenStack, as the crate `openstack_types` ships it: which operations there are.

use std::{collections::BTreeMap, path::PathBuf, process::Command};

use platform::wire::{Range, Version};
use serde_json::Value;

/// Where the data of each service is.
const FILES: [(&str, &str); 6] = [
    ("/identity", "identity/v3.yaml"),
    ("/image", "image/v2.yaml"),
    ("/placement", "placement/v1.yaml"),
    ("/compute", "compute/v2.yaml"),
    ("/networking", "network/v2.yaml"),
    ("/volume", "block-storage/v3.yaml"),
];

/// An operation: a path and a verb, or an action that the body names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// With `{}` in place of each parameter.
    pub path: String,
    /// `GET`
    pub method: String,
    /// `os-start`
    pub action: Option<String>,
}

/// What is known of it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The path as the data writes it.
    pub shown: String,
    /// The microversions that have it; unbounded where the data says nothing.
    pub versions: Range,
    /// The forms of its body, by microversions, where it has several.
    pub forms: Vec<Range>,
}

/// The operations of a service.
pub type Operations = BTreeMap<Name, Known>;

/// Reads the data of all services.
pub fn read() -> Vec<(&'static str, Operations)> {
    let folder = folder();
    FILES.iter().map(|(place, file)| (*place, operations(&load(&folder.join(file))))).collect()
}

/// A path, whatever its parameters are called.
pub fn plain(path: &str) -> String {
    let path: Vec<&str> =
        path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect();
    let path = path.join("/");
    path.trim_end_matches('/').to_owned()
}

/// Cargo knows where it has put the crate.
fn folder() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--format-version", "1", "--manifest-path", manifest])
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "openstack_types").unwrap();
    PathBuf::from(package["manifest_path"].as_str().unwrap()).with_file_name("data")
}

fn load(file: &std::path::Path) -> Value {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let options = serde_saphyr::options! { budget: None };
    serde_saphyr::from_str_with_options(&text, options).unwrap()
}

fn operations(document: &Value) -> Operations {
    let mut all = Operations::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        // Cinder's paths are there with a project before them too, which says nothing new.
        let plain = plain(&path.replace("/v3/{project_id}/", "/v3/"));
        let methods = methods.as_object().unwrap().iter().filter(|(method, _)| *method != "parameters");
        for (method, operation) in methods {
            let name = Name { path: plain.clone(), method: method.to_uppercase(), action: None };
            let known = Known {
                shown: path.replace("/v3/{project_id}/", "/v3/"),
                versions: range(&operation["x-openstack"]),
                forms: Vec::new(),
            };
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            let body = resolved(document, body);
            match body["x-openstack"]["discriminator"].as_str() {
                Some("action") => {
                    for action in members(document, body) {
                        let Some(called) = action["x-openstack"]["action-name"].as_str() else { continue };
                        let name = Name { action: Some(called.to_owned()), ..name.clone() };
                        let forms = forms(document, action);
                        let versions = whole(&forms, range(&action["x-openstack"]));
                        all.insert(name, Known { versions, forms, ..known.clone() });
                    }
                }
                _ => {
                    let forms = forms(document, body);
                    all.insert(name, Known { forms, ..known });
                }
            }
        }
    }
    all
}

fn forms(document: &Value, body: &Value) -> Vec<Range> {
    if body["x-openstack"]["discriminator"] != "microversion" {
        return Vec::new();
    }
    let mut forms: Vec<Range> = members(document, body).map(|form| range(&form["x-openstack"])).collect();
    forms.sort_by_key(|range| (range.since, range.until));
    forms.dedup();
    forms
}

/// From the first form to the last.
fn whole(forms: &[Range], otherwise: Range) -> Range {
    if forms.is_empty() {
        return otherwise;
    }
    let since = forms.iter().map(|range| range.since).min().flatten();
    let until = match forms.iter().all(|range| range.until.is_some()) {
        true => forms.iter().filter_map(|range| range.until).max(),
        false => None,
    };
    Range { since, until }
}

fn members<'a>(document: &'a Value, body: &'a Value) -> impl Iterator<Item = &'a Value> {
    body["oneOf"].as_array().into_iter().flatten().map(move |member| resolved(document, member))
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|at| at.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or(schema),
        None => schema,
    }
}

fn range(said: &Value) -> Range {
    let version = |name: &str| -> Option<Version> {
        let text = match &said[name] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        text.parse().ok()
    };
    Range { since: version("min-ver"), until: version("max-ver") }
}
