//! What Nova's old API shows of Neutron.

use std::net::IpAddr;

use async_trait::async_trait;
use contracts::{
    CallResult,
    identity::Caller,
    network::{Network, SecurityGroupRuleView, SecurityGroupView},
    network_proxy::{FloatingIp, NetworkProxy, NewSecurityGroupRule, SecurityGroupPage},
};
use uuid::Uuid;

use super::{asker::Asker, floating, groups, ports, view};
use crate::{Neutron, error::Error, model::network};

#[async_trait]
impl NetworkProxy for Neutron {
    async fn security_groups(
        &self,
        caller: &Caller,
        page: SecurityGroupPage,
    ) -> CallResult<Vec<SecurityGroupView>> {
        Ok(groups::list(&Asker::new(self, caller), page).await?)
    }

    async fn security_group(&self, caller: &Caller, id: Uuid) -> CallResult<SecurityGroupView> {
        Ok(groups::show(&Asker::new(self, caller), id).await?)
    }

    async fn create_security_group(
        &self,
        caller: &Caller,
        name: &str,
        description: &str,
    ) -> CallResult<SecurityGroupView> {
        Ok(groups::create(&Asker::new(self, caller), name, description).await?)
    }

    async fn update_security_group(
        &self,
        caller: &Caller,
        id: Uuid,
        name: &str,
        description: &str,
    ) -> CallResult<SecurityGroupView> {
        Ok(groups::update(&Asker::new(self, caller), id, name, description).await?)
    }

    async fn delete_security_group(&self, caller: &Caller, id: Uuid) -> CallResult<()> {
        Ok(groups::delete(&Asker::new(self, caller), id).await?)
    }

    async fn create_security_group_rule(
        &self,
        caller: &Caller,
        new: NewSecurityGroupRule,
    ) -> CallResult<SecurityGroupRuleView> {
        Ok(groups::add_rule(&Asker::new(self, caller), new).await?)
    }

    async fn delete_security_group_rule(&self, caller: &Caller, id: Uuid) -> CallResult<()> {
        Ok(groups::remove_rule(&Asker::new(self, caller), id).await?)
    }

    async fn floating_ips(&self, caller: &Caller) -> CallResult<Vec<FloatingIp>> {
        Ok(floating::list(&Asker::new(self, caller)).await?)
    }

    async fn floating_ip(&self, caller: &Caller, id: Uuid) -> CallResult<FloatingIp> {
        Ok(floating::show(&Asker::new(self, caller), id).await?)
    }

    async fn floating_ip_at(&self, caller: &Caller, address: IpAddr) -> CallResult<Option<FloatingIp>> {
        Ok(floating::at(&Asker::new(self, caller), address).await?)
    }

    async fn create_floating_ip(&self, caller: &Caller, pool: Option<&str>) -> CallResult<FloatingIp> {
        Ok(floating::create(&Asker::new(self, caller), pool).await?)
    }

    async fn point_floating_ip(
        &self,
        caller: &Caller,
        id: Uuid,
        lead: Option<(Uuid, IpAddr)>,
    ) -> CallResult<()> {
        Ok(floating::point(&Asker::new(self, caller), id, lead).await?)
    }

    async fn delete_floating_ip(&self, caller: &Caller, id: Uuid) -> CallResult<()> {
        Ok(floating::delete(&Asker::new(self, caller), id).await?)
    }

    async fn external_networks(&self, caller: &Caller) -> CallResult<Vec<Network>> {
        let asker = Asker::new(self, caller);
        let found = floating::pools(&asker).await?;
        Ok(view::networks(self.db.read(), found, asker.eyes().project()).await?)
    }

    async fn visible_networks(&self, caller: &Caller) -> CallResult<Vec<Network>> {
        let eyes = Asker::new(self, caller).eyes();
        let found = network::all_seen_by(self.db.read(), &eyes).await.map_err(Error::from)?;
        Ok(view::networks(self.db.read(), found, eyes.project()).await?)
    }

    async fn add_fixed_ip(&self, device_id: Uuid, network: Uuid) -> CallResult<()> {
        Ok(ports::add_address(self, device_id, network).await?)
    }

    async fn remove_fixed_ip(&self, device_id: Uuid, address: IpAddr) -> CallResult<()> {
        Ok(ports::remove_address(self, device_id, address).await?)
    }
}
