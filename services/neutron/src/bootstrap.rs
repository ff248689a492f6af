//! The network that leads outside, there from the beginning.

use chrono::Utc;
use uuid::Uuid;

use crate::{
    Neutron,
    change::Kind,
    config::ExternalConfig,
    error::Error,
    model::{
        json::{Pool, Texts},
        network,
        rbac::{self, EXTERNAL},
    },
    subnet::{self, Gateway, NewSubnet},
};

impl Neutron {
    /// Makes the external network of the configuration for the administrators' project, unless there is one on that
    /// physical network. Returns its id.
    pub async fn ensure_external_network(
        &self,
        project_id: &str,
        wanted: &ExternalConfig,
    ) -> Result<Uuid, Error> {
        let mut change = self.change().await?;
        if let Some(found) = network::on_physical(&*change, &wanted.physical_network).await? {
            return Ok(found);
        }
        let now = Utc::now();
        let network = network::Model {
            id: Uuid::new_v4(),
            project_id: project_id.to_owned(),
            name: wanted.name.clone(),
            admin_state_up: true,
            status: "ACTIVE".into(),
            external: true,
            mtu: self.config.physical_mtu as i32,
            network_type: "flat".into(),
            physical_network: Some(wanted.physical_network.clone()),
            segmentation_id: None,
            port_security_enabled: true,
            dns_domain: String::new(),
            zone_hints: Texts::default(),
            description: String::new(),
            created_at: now,
            updated_at: now,
            revision: 1,
        };
        change.insert(&network).await?;
        rbac::set_for_everybody(&change, &network, EXTERNAL, true).await?;
        change.touch(Kind::Network, network.id);
        let subnet = NewSubnet {
            name: format!("{}-subnet", wanted.name),
            gateway: Gateway::At(wanted.gateway),
            pools: Some(vec![Pool { start: wanted.pool_start, end: wanted.pool_end }]),
            enable_dhcp: false,
            ..NewSubnet::of(project_id, wanted.cidr)
        };
        subnet::create(&mut change, &network, subnet).await?;
        change.commit().await?;
        Ok(network.id)
    }
}
