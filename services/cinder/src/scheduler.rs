//! Whether the backend is what a type asks for.

use sea_orm::{DbErr, EntityTrait};
use serde_json::{Value, json};

use crate::{Cinder, model::service_off};

/// The binary that holds volumes, in the words of `os-services`.
pub(crate) const VOLUME_SERVICE: &str = "cinder-volume";
/// The binary that chooses a backend.
pub(crate) const SCHEDULER_SERVICE: &str = "cinder-scheduler";
/// The host of everything that has no backend.
pub(crate) const HOST: &str = "pileus";

impl Cinder {
    /// `pileus@file`
    pub(crate) fn backend_host(&self) -> String {
        format!("{HOST}@{}", self.backend.name())
    }

    /// What the backend says of itself, and types may ask for.
    pub(crate) fn capabilities(&self) -> Value {
        let name = self.backend.name();
        json!({
            "volume_backend_name": name,
            "vendor_name": "Pileus",
            "driver_version": env!("CARGO_PKG_VERSION"),
            "storage_protocol": name,
            "QoS_support": false,
            "multiattach": true,
            "replication_enabled": false,
            "thin_provisioning_support": true,
            "online_extend_support": false,
            "consistent_group_snapshot_enabled": false,
        })
    }

    /// Whether volumes of a type with these extra specs can be had: the backend has what they ask for, and is not off.
    pub(crate) async fn can_hold(&self, specs: &Value) -> Result<bool, DbErr> {
        if !fits(specs, &self.capabilities()) {
            return Ok(false);
        }
        let key = (self.backend_host(), VOLUME_SERVICE.to_owned());
        Ok(service_off::Entity::find_by_id(key).one(self.db.read()).await?.is_none())
    }
}

/// Specs without a scope, or of scope `capabilities`, must hold of the backend; the others are for others.
fn fits(specs: &Value, capabilities: &Value) -> bool {
    specs.as_object().into_iter().flatten().all(|(name, wanted)| {
        let name = match name.split_once(':') {
            Some(("capabilities", name)) => name,
            Some(_) => return true,
            None => name,
        };
        let wanted = wanted.as_str().unwrap_or_default();
        match (capabilities.get(name), wanted.strip_prefix("<is>")) {
            (None, _) => false,
            (Some(Value::Bool(has)), Some(asked)) => asked.trim().eq_ignore_ascii_case("true") == *has,
            (Some(Value::Bool(has)), None) => {
                wanted.eq_ignore_ascii_case(if *has { "true" } else { "false" })
            }
            (Some(Value::String(has)), _) => has == wanted || one_of(wanted, has),
            (Some(_), _) => false,
        }
    })
}

/// `<or> this <or> that`
fn one_of(wanted: &str, has: &str) -> bool {
    wanted.starts_with("<or>") && wanted.split("<or>").any(|choice| choice.trim() == has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_held_by_a_backend_that_has_all_that_it_asks_for() {
        let capabilities =
            json!({"storage_protocol": "file", "multiattach": true, "replication_enabled": false});
        for (specs, fit) in [
            (json!({}), true),
            (json!({"storage_protocol": "file", "capabilities:multiattach": "<is> True"}), true),
            (json!({"storage_protocol": "<or> iSCSI <or> file"}), true),
            (json!({"hw:anything": "at all"}), true),
            (json!({"storage_protocol": "iSCSI"}), false),
            (json!({"unheard_of": "x"}), false),
            (json!({"replication_enabled": "<is> True"}), false),
        ] {
            assert_eq!(fits(&specs, &capabilities), fit, "{specs}");
        }
    }
}
