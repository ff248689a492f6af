//! A router's leg outside.

use crate::{
    change::{Change, Kind},
    error::Error,
    model::{floatingip, network, port, router, subnet},
    port::{self as ports, Addresses, GATEWAY, NewPort, Wanted},
};

/// A leg outside, as asked for.
#[derive(Debug, Clone)]
pub(crate) struct GatewayInfo<N> {
    pub(crate) network: N,
    pub(crate) snat: Option<bool>,
    pub(crate) addresses: Option<Vec<Wanted>>,
}

/// Gives the router this leg outside, or none. The router's own row is changed, and left to the caller to write.
pub(crate) async fn set_gateway(
    change: &mut Change<'_>,
    router: &mut router::Model,
    info: Option<GatewayInfo<network::Model>>,
) -> Result<(), Error> {
    change.touch(Kind::Router, router.id);
    let Some(info) = info else {
        router.enable_snat = true;
        return drop_gateway(change, router).await;
    };
    let network = info.network;
    if !network.external {
        return Err(Error::bad_resource(
            "router",
            format!("Network {} is not an external network", network.id),
        ));
    }
    let subnets = subnet::of(&**change, &network).await?;
    refuse_gateway_addresses(&subnets, info.addresses.as_deref().unwrap_or_default())?;
    if router.gateway_network_id != Some(network.id) {
        drop_gateway(change, router).await?;
        refuse_overlap(change, router, &subnets).await?;
        let leg = NewPort {
            addresses: info.addresses.map_or(Addresses::Automatic, Addresses::These),
            ..NewPort::on(&network, &subnets, "").of_device(GATEWAY, &router.id.to_string())
        };
        let leg = ports::insert(change, leg).await?;
        router.gateway_network_id = Some(network.id);
        router.gateway_port_id = Some(leg.port.id);
    } else if let Some(addresses) = info.addresses
        && let Some(mut leg) = port::gateway_of(&**change, router).await?
    {
        let asked = Addresses::These(addresses);
        ports::set_addresses(change, &mut leg, &network, &subnets, &asked).await?;
        ports::announce(change, &leg.port);
    }
    router.enable_snat = info.snat.unwrap_or(true);
    Ok(())
}

async fn drop_gateway(change: &mut Change<'_>, router: &mut router::Model) -> Result<(), Error> {
    let Some(network) = router.gateway_network_id else { return Ok(()) };
    let floating = floatingip::through(&**change, router).await?;
    if floating.iter().any(|row| row.network_id == network) {
        return Err(Error::gateway_has_floating(router.id, network));
    }
    if let Some(leg) = port::gateway_of(&**change, router).await? {
        ports::remove(change, &leg.port).await?;
    }
    (router.gateway_network_id, router.gateway_port_id) = (None, None);
    Ok(())
}

fn refuse_gateway_addresses(subnets: &[subnet::Model], asked: &[Wanted]) -> Result<(), Error> {
    for address in asked.iter().filter_map(|one| one.address) {
        let text = address.to_string();
        if subnets.iter().any(|subnet| subnet.gateway_ip.as_deref() == Some(text.as_str())) {
            return Err(Error::bad_resource(
                "router",
                format!("External IP {address} is the same as the gateway IP"),
            ));
        }
    }
    Ok(())
}

/// A router can't lead to two equal places.
async fn refuse_overlap(
    change: &Change<'_>,
    router: &router::Model,
    outside: &[subnet::Model],
) -> Result<(), Error> {
    let legs = port::legs_of(&**change, router).await?;
    let inside = subnet::of_addresses(&**change, legs.iter().flat_map(|leg| &leg.addresses)).await?;
    for one in outside {
        super::interface::refuse_overlap(one, &inside)?;
    }
    Ok(())
}
