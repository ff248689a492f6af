use std::net::{IpAddr, Ipv4Addr};

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    identity::Caller,
    network::{Network, Networks, SecurityGroupRuleView, SecurityGroupView},
    network_proxy::{FloatingIp, NetworkProxy, NewSecurityGroupRule, SecurityGroupPage},
};
use uuid::Uuid;

use super::FakeNetworks;

fn no_group(id: Uuid) -> CallError {
    CallError::NotFound(format!("Security group {id} does not exist"))
}

fn no_ip(id: Uuid) -> CallError {
    CallError::NotFound(format!("Floating IP {id} could not be found"))
}

#[async_trait]
impl NetworkProxy for FakeNetworks {
    async fn security_groups(
        &self,
        _: &Caller,
        page: SecurityGroupPage,
    ) -> CallResult<Vec<SecurityGroupView>> {
        let groups = self.groups.lock().unwrap();
        Ok(groups.iter().skip(page.offset as usize).take(page.limit as usize).cloned().collect())
    }

    async fn security_group(&self, caller: &Caller, id: Uuid) -> CallResult<SecurityGroupView> {
        let groups = self.groups.lock().unwrap();
        let own = |group: &&SecurityGroupView| {
            group.id == id && Some(group.project_id.as_str()) == caller.project_id()
        };
        groups.iter().find(own).cloned().ok_or_else(|| no_group(id))
    }

    async fn create_security_group(
        &self,
        caller: &Caller,
        name: &str,
        description: &str,
    ) -> CallResult<SecurityGroupView> {
        let group = SecurityGroupView {
            id: Uuid::new_v4(),
            name: name.into(),
            description: description.into(),
            project_id: caller.project_id().unwrap_or_default().into(),
            rules: vec![],
        };
        if name == "default" {
            return Err(CallError::Conflict("Default security group already exists.".into()));
        }
        self.groups.lock().unwrap().push(group.clone());
        Ok(group)
    }

    async fn update_security_group(
        &self,
        _: &Caller,
        id: Uuid,
        name: &str,
        description: &str,
    ) -> CallResult<SecurityGroupView> {
        let mut groups = self.groups.lock().unwrap();
        let group = groups.iter_mut().find(|group| group.id == id).ok_or_else(|| no_group(id))?;
        (group.name, group.description) = (name.into(), description.into());
        Ok(group.clone())
    }

    async fn delete_security_group(&self, _: &Caller, id: Uuid) -> CallResult<()> {
        let mut groups = self.groups.lock().unwrap();
        let at = groups.iter().position(|group| group.id == id).ok_or_else(|| no_group(id))?;
        if groups[at].name == "used" {
            return Err(CallError::Conflict(format!("Security Group {id} in use.")));
        }
        groups.remove(at);
        Ok(())
    }

    async fn create_security_group_rule(
        &self,
        _: &Caller,
        new: NewSecurityGroupRule,
    ) -> CallResult<SecurityGroupRuleView> {
        let mut groups = self.groups.lock().unwrap();
        let remote = new.remote_group_id.map(|id| {
            let group = groups.iter().find(|group| group.id == id).unwrap();
            (group.name.clone(), group.project_id.clone())
        });
        let group =
            groups.iter_mut().find(|group| group.id == new.group_id).ok_or_else(|| no_group(new.group_id))?;
        let rule = SecurityGroupRuleView {
            id: Uuid::new_v4(),
            protocol: new.protocol,
            from_port: new.from_port,
            to_port: new.to_port,
            cidr: new.cidr,
            remote_group: remote,
        };
        let same = |other: &SecurityGroupRuleView| {
            SecurityGroupRuleView { id: rule.id, ..other.clone() }.cidr == rule.cidr
                && (other.from_port, other.to_port) == (rule.from_port, rule.to_port)
        };
        if group.rules.iter().any(same) {
            return Err(CallError::Conflict("Security group rule already exists.".into()));
        }
        group.rules.push(rule.clone());
        Ok(rule)
    }

    async fn delete_security_group_rule(&self, _: &Caller, id: Uuid) -> CallResult<()> {
        for group in self.groups.lock().unwrap().iter_mut() {
            if let Some(at) = group.rules.iter().position(|rule| rule.id == id) {
                group.rules.remove(at);
                return Ok(());
            }
        }
        Err(CallError::NotFound(format!("Security group rule {id} does not exist")))
    }

    async fn floating_ips(&self, _: &Caller) -> CallResult<Vec<FloatingIp>> {
        Ok(self.floating.lock().unwrap().clone())
    }

    async fn floating_ip(&self, _: &Caller, id: Uuid) -> CallResult<FloatingIp> {
        let floating = self.floating.lock().unwrap();
        floating.iter().find(|ip| ip.id == id).cloned().ok_or_else(|| no_ip(id))
    }

    async fn floating_ip_at(&self, _: &Caller, address: IpAddr) -> CallResult<Option<FloatingIp>> {
        Ok(self.floating.lock().unwrap().iter().find(|ip| ip.address == address).cloned())
    }

    async fn create_floating_ip(&self, _: &Caller, pool: Option<&str>) -> CallResult<FloatingIp> {
        let mut floating = self.floating.lock().unwrap();
        if pool.is_some_and(|pool| pool != "public") {
            return Err(CallError::NotFound("Floating IP pool not found.".into()));
        }
        if floating.len() >= 2 {
            return Err(CallError::OverQuota("Quota exceeded for resources: ['floatingip'].".into()));
        }
        let ip = FloatingIp {
            id: Uuid::new_v4(),
            address: Ipv4Addr::new(203, 0, 113, 10 + floating.len() as u8).into(),
            pool: "public".into(),
            fixed_ip: None,
            device_id: None,
        };
        floating.push(ip.clone());
        Ok(ip)
    }

    async fn point_floating_ip(&self, _: &Caller, id: Uuid, lead: Option<(Uuid, IpAddr)>) -> CallResult<()> {
        let mut floating = self.floating.lock().unwrap();
        if lead.is_some_and(|(_, fixed)| floating.iter().any(|ip| ip.fixed_ip == Some(fixed) && ip.id != id))
        {
            return Err(CallError::Conflict("Cannot associate floating IP".into()));
        }
        let device = lead.and_then(|(port, _)| {
            self.ports().into_iter().find(|known| known.id == port).map(|port| port.device_id)
        });
        let ip = floating.iter_mut().find(|ip| ip.id == id).ok_or_else(|| no_ip(id))?;
        (ip.fixed_ip, ip.device_id) = (lead.map(|(_, fixed)| fixed), device);
        Ok(())
    }

    async fn delete_floating_ip(&self, _: &Caller, id: Uuid) -> CallResult<()> {
        let mut floating = self.floating.lock().unwrap();
        let at = floating.iter().position(|ip| ip.id == id).ok_or_else(|| no_ip(id))?;
        floating.remove(at);
        Ok(())
    }

    async fn external_networks(&self, _: &Caller) -> CallResult<Vec<Network>> {
        Ok(vec![])
    }

    async fn visible_networks(&self, caller: &Caller) -> CallResult<Vec<Network>> {
        self.default_networks(caller).await
    }

    async fn add_fixed_ip(&self, _: Uuid, network: Uuid) -> CallResult<()> {
        if network == self.usual() { Ok(()) } else { Err(CallError::NotFound("no port".into())) }
    }

    async fn remove_fixed_ip(&self, device: Uuid, address: IpAddr) -> CallResult<()> {
        let device = device.to_string();
        let ports = self.ports();
        let mut own = ports.iter().filter(|port| port.device_id == device);
        match own.any(|port| port.fixed_ips.iter().any(|ip| ip.address == address)) {
            true => Ok(()),
            false => Err(CallError::NotFound("no such address".into())),
        }
    }
}
