//! What Nova asks of Neutron.

mod asker;
mod floating;
mod groups;
mod ports;
mod proxy;
mod view;

use std::net::IpAddr;

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    identity::Caller,
    network::{Network, Networks, NewPort, Port, SecurityGroupView},
};
use platform::{db::owned::Inside, http::Base};
use uuid::Uuid;

use crate::{
    Neutron,
    error::Error,
    model::{Eyes, group, network, port, usage},
    quota::Counted,
};

const NOVA: Inside = Inside::because("Nova asks for its own servers, when their users are long gone");

#[async_trait]
impl Networks for Neutron {
    async fn network(&self, caller: &Caller, id: Uuid) -> CallResult<Network> {
        let eyes = Eyes::of_caller(&self.base, caller);
        let found = network::seen_by(self.db.read(), &eyes, id).await.map_err(Error::from)?;
        let mut views = view::networks(self.db.read(), found.into_iter().collect(), eyes.project()).await?;
        views.pop().ok_or_else(|| Error::network_missing(id).into())
    }

    async fn default_networks(&self, caller: &Caller) -> CallResult<Vec<Network>> {
        let eyes = Eyes::of_caller(&self.base, caller);
        let db = self.db.read();
        let found = network::default_of(db, &eyes).await.map_err(Error::from)?;
        Ok(view::networks(db, found, eyes.project()).await?)
    }

    async fn port(&self, caller: &Caller, id: Uuid) -> CallResult<Port> {
        let eyes = Eyes::of_caller(&self.base, caller);
        let db = self.db.read();
        let missing = || CallError::from(Error::port_missing(id));
        let port = port::seen_by(db, &eyes, id).await.map_err(Error::from)?.ok_or_else(missing)?;
        view::ports(self, vec![port]).await?.pop().ok_or_else(missing)
    }

    async fn security_group_exists(&self, caller: &Caller, name_or_id: &str) -> CallResult<bool> {
        if name_or_id == crate::group::DEFAULT {
            // It is made when it is first needed.
            return Ok(true);
        }
        let own = Base::own_scope(caller);
        let found = group::named(self.db.read(), &own, &[name_or_id]).await.map_err(Error::from)?;
        Ok(!found.is_empty())
    }

    async fn ports_left(&self, project_id: &str) -> CallResult<Option<u64>> {
        let db = self.db.read();
        let limit = self.limit(db, project_id, Counted::Port).await?;
        if limit < 0 {
            return Ok(None);
        }
        let used = usage::of(db, project_id, Counted::Port).await.map_err(Error::from)?;
        Ok(Some((limit as u64).saturating_sub(used)))
    }

    async fn create_port(&self, project_id: &str, new: &NewPort) -> CallResult<Port> {
        Ok(ports::create(self, project_id, new).await?)
    }

    async fn claim_port(
        &self,
        port: Uuid,
        device_id: Uuid,
        device_owner: &str,
        dns_name: &str,
    ) -> CallResult<Port> {
        Ok(ports::claim(self, port, device_id, device_owner, dns_name).await?)
    }

    async fn release_port(&self, port: Uuid, device_id: Uuid) -> CallResult<()> {
        Ok(ports::release(self, port, device_id).await?)
    }

    async fn delete_port(&self, port: Uuid) -> CallResult<()> {
        Ok(ports::delete(self, port).await?)
    }

    async fn bind_port(&self, port: Uuid, host: &str) -> CallResult<Port> {
        Ok(ports::bind(self, port, host).await?)
    }

    async fn ports_of(&self, devices: &[Uuid]) -> CallResult<Vec<Port>> {
        let mut rows = port::of_devices(self.db.read(), &NOVA, devices).await.map_err(Error::from)?;
        rows.retain(|port| !port.device_owner.starts_with("network:"));
        Ok(view::ports(self, rows).await?)
    }

    async fn device_at(&self, network: Uuid, address: IpAddr) -> CallResult<Option<Uuid>> {
        let port = port::at(self.db.read(), &NOVA, network, address).await.map_err(Error::from)?;
        Ok(port
            .filter(|port| port.device_owner.starts_with("compute:"))
            .and_then(|port| port.device_id.parse().ok()))
    }

    async fn change_security_group(
        &self,
        caller: &Caller,
        device_id: Uuid,
        group: &str,
        member: bool,
    ) -> CallResult<()> {
        Ok(groups::change_device(self, caller, device_id, group, member).await?)
    }

    async fn security_groups_of(&self, device_id: Uuid) -> CallResult<Vec<SecurityGroupView>> {
        Ok(groups::of_device(self, device_id).await?)
    }
}
