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
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::{
    Neutron,
    error::Error,
    model::{fixed_ip, group, network, port},
    network::{self as networks, Eyes},
    quota::Counted,
};

#[async_trait]
impl Networks for Neutron {
    async fn network(&self, caller: &Caller, id: Uuid) -> CallResult<Network> {
        let eyes = Eyes::of(self, caller);
        let found = network::Entity::find()
            .filter(network::Column::Id.eq(id))
            .filter(eyes.networks())
            .all(self.db.read())
            .await
            .map_err(Error::from)?;
        let mut views = view::networks(self.db.read(), found, &eyes.project).await?;
        views.pop().ok_or_else(|| Error::network_missing(id).into())
    }

    async fn default_networks(&self, caller: &Caller) -> CallResult<Vec<Network>> {
        let eyes = Eyes { all: false, ..Eyes::of(self, caller) };
        let db = self.db.read();
        let own = network::Entity::find()
            .filter(network::Column::ProjectId.eq(eyes.project.as_str()))
            .filter(network::Column::External.eq(false))
            .order_by_asc(network::Column::CreatedAt)
            .order_by_asc(network::Column::Id)
            .all(db)
            .await
            .map_err(Error::from)?;
        let found = if own.is_empty() {
            network::Entity::find()
                .filter(eyes.shared(true))
                .filter(network::Column::External.eq(false))
                .order_by_asc(network::Column::CreatedAt)
                .order_by_asc(network::Column::Id)
                .all(db)
                .await
                .map_err(Error::from)?
        } else {
            own
        };
        Ok(view::networks(db, found, &eyes.project).await?)
    }

    async fn port(&self, caller: &Caller, id: Uuid) -> CallResult<Port> {
        let eyes = Eyes::of(self, caller);
        let db = self.db.read();
        let missing = || CallError::from(Error::port_missing(id));
        let port = port::Entity::find_by_id(id).one(db).await.map_err(Error::from)?.ok_or_else(missing)?;
        let own = eyes.all || port.project_id == eyes.project;
        let seen = networks::seen_one(db, &eyes.project, port.network_id).await?;
        let on_own_network = seen.is_some_and(|seen| seen.network.project_id == eyes.project);
        if !own && !on_own_network {
            return Err(missing());
        }
        view::ports(self, vec![port]).await?.pop().ok_or_else(missing)
    }

    async fn security_group_exists(&self, caller: &Caller, name_or_id: &str) -> CallResult<bool> {
        let project = caller.project_id().unwrap_or_default();
        if name_or_id == crate::group::DEFAULT {
            // It is made when it is first needed.
            return Ok(true);
        }
        let mut known = sea_orm::Condition::any().add(group::Column::Name.eq(name_or_id));
        if let Ok(id) = name_or_id.parse::<Uuid>() {
            known = known.add(group::Column::Id.eq(id));
        }
        let found = group::Entity::find()
            .filter(group::Column::ProjectId.eq(project))
            .filter(known)
            .one(self.db.read())
            .await
            .map_err(Error::from)?;
        Ok(found.is_some())
    }

    async fn ports_left(&self, project_id: &str) -> CallResult<Option<u64>> {
        let db = self.db.read();
        let limit = self.limit(db, project_id, Counted::Port).await?;
        if limit < 0 {
            return Ok(None);
        }
        let used = Counted::Port.used(db, project_id).await?;
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
        let devices: Vec<String> = devices.iter().map(Uuid::to_string).collect();
        let select = port::Entity::find();
        let mut rows = crate::model::all_in(self.db.read(), select, port::Column::DeviceId, &devices)
            .await
            .map_err(Error::from)?;
        rows.retain(|port| !port.device_owner.starts_with("network:"));
        rows.sort_by_key(|port| (port.created_at, port.id));
        Ok(view::ports(self, rows).await?)
    }

    async fn device_at(&self, network: Uuid, address: IpAddr) -> CallResult<Option<Uuid>> {
        let db = self.db.read();
        let row = fixed_ip::Entity::find_by_id((network, address.to_string()))
            .one(db)
            .await
            .map_err(Error::from)?;
        let Some(row) = row else { return Ok(None) };
        let port = port::Entity::find_by_id(row.port_id).one(db).await.map_err(Error::from)?;
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
