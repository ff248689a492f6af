//! Ports.

use std::collections::HashMap;

use contracts::identity::Caller;
use platform::{
    db::{
        list::{Kind, ListSpec},
        owned::{Inside, Owned, Sealed},
    },
    http::Query,
    policy::Target,
};
use sea_orm::{
    Condition, JoinType, QueryOrder, QuerySelect, QueryTrait, RelationTrait, Select, entity::prelude::*,
    sea_query::SelectStatement,
};

use super::{
    Eyes, Known, OnNetwork, Placed, all_in, by_id, fixed_ip, floatingip, ids_of, network, port_group, rbac,
    router, subnet,
};
use crate::{
    change::Change,
    error::Error,
    port::{FLOATING, GATEWAY, INTERFACE, METADATA},
};

mod row {
    use sea_orm::entity::prelude::*;

    use super::super::json::{DhcpOpts, Pairs};

    /// Ports.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ports")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub network_id: Uuid,
        pub project_id: String,
        pub name: String,
        pub admin_state_up: bool,
        pub status: String,
        pub mac: String,
        pub device_id: String,
        pub device_owner: String,
        pub port_security_enabled: bool,
        pub host: String,
        pub vnic_type: String,
        pub profile: Json,
        pub dns_name: String,
        #[sea_orm(column_type = "Json")]
        pub pairs: Pairs,
        #[sea_orm(column_type = "Json")]
        pub dhcp_opts: DhcpOpts,
        pub description: String,
        pub created_at: ChronoDateTimeUtc,
        pub updated_at: ChronoDateTimeUtc,
        pub revision: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use row::Model;
pub(super) use row::{Column, Entity};

/// A port with what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Full {
    pub(crate) port: Model,
    pub(crate) addresses: Vec<fixed_ip::Model>,
    pub(crate) groups: Vec<Uuid>,
}

impl Known for Full {
    fn id(&self) -> Uuid {
        self.port.id
    }
}

impl OnNetwork for Full {
    fn network_id(&self) -> Uuid {
        self.port.network_id
    }
}

impl Owned for Placed<Full> {
    type Missing = Error;
    const SEEN_BY: Option<&'static str> = Some("get_port");

    fn target(&self) -> Target<'_> {
        self.target_as(&self.row.port.device_owner)
    }

    fn missing(id: &str) -> Error {
        Error::port_missing(id)
    }
}

impl Placed<Full> {
    /// What policies are told of the port if it belongs to such a device.
    pub(crate) fn target_as<'a>(&'a self, device_owner: &'a str) -> Target<'a> {
        target_on(&self.on, &self.row.port.project_id, device_owner)
    }
}

impl Owned for Model {
    type Missing = Error;
    const SEEN_BY: Option<&'static str> = Placed::<Full>::SEEN_BY;

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::port_missing(id)
    }
}

/// What policies are told of a port of that project and device on a network.
pub(crate) fn target_on<'a>(
    network: &'a network::Seen,
    project: &'a str,
    device_owner: &'a str,
) -> Target<'a> {
    let kind = device_owner.split_once(':').map_or("", |(kind, _)| kind);
    network.target_of(project).with("device_kind", kind)
}

pub(crate) static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("id", Column::Id, Kind::Uuid),
        ("name", Column::Name, Kind::Text),
        ("network_id", Column::NetworkId, Kind::Uuid),
        ("project_id", Column::ProjectId, Kind::Text),
        ("tenant_id", Column::ProjectId, Kind::Text),
        ("status", Column::Status, Kind::Text),
        ("admin_state_up", Column::AdminStateUp, Kind::Bool),
        ("device_id", Column::DeviceId, Kind::Text),
        ("device_owner", Column::DeviceOwner, Kind::Text),
        ("binding:host_id", Column::Host, Kind::Text),
        ("description", Column::Description, Kind::Text),
    ],
    sorts: &[
        ("id", Column::Id),
        ("name", Column::Name),
        ("network_id", Column::NetworkId),
        ("project_id", Column::ProjectId),
        ("tenant_id", Column::ProjectId),
        ("status", Column::Status),
        ("admin_state_up", Column::AdminStateUp),
        ("mac_address", Column::Mac),
        ("device_id", Column::DeviceId),
        ("device_owner", Column::DeviceOwner),
    ],
    default_sort: &[],
    max_limit: None,
};

/// One port, on its network as the caller's project sees it.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: impl ToString,
) -> Result<Sealed<Placed<Full>>, DbErr> {
    let id = id.to_string();
    let found = by_id::<Entity>(db, &id).await?;
    let found = match load(db, found.into_iter().collect()).await?.pop() {
        Some(row) => network::around(db, caller, &row).await?.map(|on| Placed { row, on }),
        None => None,
    };
    Ok(Sealed::new(id, found))
}

/// Adds to ports what belongs to them: two queries, whatever their number.
pub(crate) async fn load(db: &impl ConnectionTrait, ports: Vec<Model>) -> Result<Vec<Full>, DbErr> {
    let ids: Vec<Uuid> = ports.iter().map(|port| port.id).collect();
    let mut addresses: HashMap<Uuid, Vec<fixed_ip::Model>> = HashMap::new();
    let select = fixed_ip::Entity::find().order_by_asc(fixed_ip::Column::Place);
    for row in all_in(db, select, fixed_ip::Column::PortId, &ids).await? {
        addresses.entry(row.port_id).or_default().push(row);
    }
    let mut groups: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for row in all_in(db, port_group::Entity::find(), port_group::Column::PortId, &ids).await? {
        groups.entry(row.port_id).or_default().push(row.group_id);
    }
    Ok(ports
        .into_iter()
        .map(|port| Full {
            addresses: addresses.remove(&port.id).unwrap_or_default(),
            groups: groups.remove(&port.id).unwrap_or_default(),
            port,
        })
        .collect())
}

/// The port as it is now, with what belongs to it.
pub(crate) async fn again(change: &Change<'_>, full: &Full) -> Result<Full, Error> {
    let port = change.again(&full.port).await?;
    load(&**change, vec![port]).await?.pop().ok_or_else(|| Error::port_missing(full.port.id))
}

/// Those that are seen: the project's own, and those on its own networks.
fn seen(eyes: &Eyes) -> Select<Entity> {
    let on_own = Column::NetworkId.in_subquery(eyes.own_networks());
    Entity::find().filter(eyes.own_or(Column::ProjectId, on_own))
}

/// Those that are seen and that the query asks for by what is in other tables.
pub(crate) fn visible(eyes: &Eyes, query: &Query) -> Result<Select<Entity>, Error> {
    Ok(seen(eyes).filter(special(query)?))
}

fn special(query: &Query) -> Result<Condition, Error> {
    let mut all = Condition::all();
    let macs: Vec<String> = query.all("mac_address").map(str::to_ascii_lowercase).collect();
    if !macs.is_empty() {
        all = all.add(Column::Mac.is_in(macs));
    }
    let groups: Vec<Uuid> = query.all("security_groups").filter_map(|text| text.parse().ok()).collect();
    if query.get("security_groups").is_some() {
        let members = port_group::Entity::find()
            .select_only()
            .column(port_group::Column::PortId)
            .filter(port_group::Column::GroupId.is_in(groups))
            .into_query();
        all = all.add(Column::Id.in_subquery(members));
    }
    let (mut addresses, mut subnets, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    for text in query.all("fixed_ips") {
        for one in text.split(',') {
            match one.split_once('=') {
                Some(("ip_address", address)) => addresses.push(address.to_owned()),
                Some(("subnet_id" | "subnet", id)) => subnets.push(id.parse::<Uuid>().unwrap_or_default()),
                Some(("ip_address_substr", part)) => parts.push(part.to_owned()),
                _ => return Err(Error::bad_request(format!("'{one}' is invalid for the filter fixed_ips"))),
            }
        }
    }
    let having = |condition: Condition| -> SelectStatement {
        fixed_ip::Entity::find().select_only().column(fixed_ip::Column::PortId).filter(condition).into_query()
    };
    if !addresses.is_empty() {
        let condition = Condition::all().add(fixed_ip::Column::Address.is_in(addresses));
        all = all.add(Column::Id.in_subquery(having(condition)));
    }
    if !subnets.is_empty() {
        let condition = Condition::all().add(fixed_ip::Column::SubnetId.is_in(subnets));
        all = all.add(Column::Id.in_subquery(having(condition)));
    }
    for part in parts {
        let condition = Condition::all().add(fixed_ip::Column::Address.contains(&part));
        all = all.add(Column::Id.in_subquery(having(condition)));
    }
    Ok(all)
}

/// The one of that id, if it is seen.
pub(crate) async fn seen_by(
    db: &impl ConnectionTrait,
    eyes: &Eyes,
    id: Uuid,
) -> Result<Option<Model>, DbErr> {
    seen(eyes).filter(Column::Id.eq(id)).one(db).await
}

fn on_network(network: Uuid) -> Select<Entity> {
    Entity::find().filter(Column::NetworkId.eq(network))
}

/// All on a network.
pub(crate) async fn on(db: &impl ConnectionTrait, network: &network::Model) -> Result<Vec<Model>, DbErr> {
    on_network(network.id).all(db).await
}

/// Ids of the routers that have a leg on a network.
pub(crate) async fn routers_on(
    db: &impl ConnectionTrait,
    network: &network::Model,
) -> Result<Vec<Uuid>, DbErr> {
    let legs = on_network(network.id).filter(Column::DeviceOwner.is_in([INTERFACE, GATEWAY])).all(db).await?;
    Ok(legs.iter().filter_map(|leg| leg.device_id.parse().ok()).collect())
}

/// Whether routers or floating IPs need the network outside.
pub(crate) async fn need_outside(db: &impl ConnectionTrait, network: &network::Model) -> Result<bool, DbErr> {
    let needing = on_network(network.id).filter(Column::DeviceOwner.is_in([GATEWAY, FLOATING]));
    Ok(needing.one(db).await?.is_some())
}

/// Whether there are ports on the network of other projects than its own and these.
pub(crate) async fn of_others_on(
    db: &impl ConnectionTrait,
    network: &network::Model,
    mut known: Vec<String>,
) -> Result<bool, DbErr> {
    known.extend([network.project_id.clone(), String::new()]);
    let others = on_network(network.id)
        .filter(Column::ProjectId.is_not_in(known))
        .filter(Column::DeviceOwner.is_not_in([METADATA, FLOATING, GATEWAY]));
    Ok(others.one(db).await?.is_some())
}

/// Whether there are ports of the project that is given access (of any but the owner's, if everybody is).
pub(crate) async fn use_access(db: &impl ConnectionTrait, access: &rbac::Model) -> Result<bool, DbErr> {
    let owner = network::of(db, access).await?.map(|network| network.project_id).unwrap_or_default();
    let mut using = on_network(access.object_id).filter(Column::ProjectId.is_not_in([owner, String::new()]));
    if access.target != rbac::EVERYBODY {
        using = using.filter(Column::ProjectId.eq(access.target.as_str()));
    }
    Ok(using.one(db).await?.is_some())
}

/// Whether a port of the network has that MAC address.
pub(crate) async fn has_mac(
    db: &impl ConnectionTrait,
    on: &impl OnNetwork,
    mac: &str,
) -> Result<bool, DbErr> {
    Ok(on_network(on.network_id()).filter(Column::Mac.eq(mac)).one(db).await?.is_some())
}

/// Those on a subnet's network that get an address on it by themselves.
pub(crate) async fn addressed_by(
    db: &impl ConnectionTrait,
    subnet: &subnet::Model,
) -> Result<Vec<Model>, DbErr> {
    on_network(subnet.network_id)
        .filter(Column::DeviceOwner.is_not_in([METADATA, FLOATING, INTERFACE, GATEWAY]))
        .all(db)
        .await
}

/// Those that have an address on a subnet.
pub(crate) async fn with_address_on(
    db: &impl ConnectionTrait,
    subnet: &subnet::Model,
) -> Result<Vec<Model>, DbErr> {
    let rows = fixed_ip::Entity::find()
        .filter(fixed_ip::Column::SubnetId.eq(subnet.id))
        .join(JoinType::LeftJoin, fixed_ip::Relation::Port.def())
        .select_also(Entity)
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|(_, port)| port).collect())
}

/// Legs of routers on a subnet: the one that is the subnet's gateway first.
pub(crate) async fn legs_on(db: &impl ConnectionTrait, subnet: &subnet::Model) -> Result<Vec<Model>, DbErr> {
    let mut legs = fixed_ip::Entity::find()
        .join(JoinType::InnerJoin, fixed_ip::Relation::Port.def())
        .filter(fixed_ip::Column::SubnetId.eq(subnet.id))
        .filter(Column::DeviceOwner.eq(INTERFACE))
        .select_also(Entity)
        .all(db)
        .await?;
    legs.sort_by_key(|(address, leg)| {
        let device = leg.as_ref().and_then(|leg| leg.device_id.parse::<Uuid>().ok());
        (Some(&address.address) != subnet.gateway_ip.as_ref(), device)
    });
    Ok(legs.into_iter().filter_map(|(_, leg)| leg).collect())
}

/// The leg of a router that has the subnet's gateway as its address.
pub(crate) async fn leg_at_gateway(
    db: &impl ConnectionTrait,
    subnet: &subnet::Model,
) -> Result<Option<Model>, DbErr> {
    let Some(gateway) = &subnet.gateway_ip else { return Ok(None) };
    let row = fixed_ip::Entity::find_by_id((subnet.network_id, gateway.clone())).one(db).await?;
    let Some(row) = row else { return Ok(None) };
    Entity::find_by_id(row.port_id).filter(Column::DeviceOwner.eq(INTERFACE)).one(db).await
}

/// A router's legs inside.
pub(crate) async fn legs_of(db: &impl ConnectionTrait, router: &router::Model) -> Result<Vec<Full>, DbErr> {
    let rows = Entity::find()
        .filter(Column::DeviceId.eq(router.id.to_string()))
        .filter(Column::DeviceOwner.eq(INTERFACE))
        .order_by_asc(Column::CreatedAt)
        .all(db)
        .await?;
    load(db, rows).await
}

/// A router's leg outside.
pub(crate) async fn gateway_of(
    db: &impl ConnectionTrait,
    router: &router::Model,
) -> Result<Option<Full>, DbErr> {
    let Some(id) = router.gateway_port_id else { return Ok(None) };
    let leg = Entity::find_by_id(id).one(db).await?;
    Ok(load(db, leg.into_iter().collect()).await?.pop())
}

/// The port that a floating IP leads to.
pub(crate) async fn led_to(
    db: &impl ConnectionTrait,
    floating: &floatingip::Model,
) -> Result<Option<Model>, DbErr> {
    let Some(id) = floating.port_id else { return Ok(None) };
    Entity::find_by_id(id).one(db).await
}

/// The ports that floating IPs lead to, by their ids.
pub(crate) async fn led_to_by(
    db: &impl ConnectionTrait,
    floating: &[floatingip::Model],
) -> Result<HashMap<Uuid, Model>, DbErr> {
    let ids = ids_of(floating, |row| row.port_id);
    let rows = all_in(db, Entity::find(), Column::Id, &ids).await?;
    Ok(rows.into_iter().map(|port| (port.id, port)).collect())
}

/// The port that keeps a floating IP's address.
pub(crate) async fn keeper_of(
    db: &impl ConnectionTrait,
    floating: &floatingip::Model,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(floating.floating_port_id).one(db).await
}

/// The ports that keep the addresses of floating IPs.
pub(crate) async fn keepers_of(
    db: &impl ConnectionTrait,
    floating: &[floatingip::Model],
) -> Result<Vec<Model>, DbErr> {
    let ids = ids_of(floating, |row| Some(row.floating_port_id));
    all_in(db, Entity::find(), Column::Id, &ids).await
}

/// The ports of the metadata proxies of networks.
pub(crate) async fn metadata_of<'n>(
    db: &impl ConnectionTrait,
    networks: impl IntoIterator<Item = &'n network::Model>,
) -> Result<Vec<Full>, DbErr> {
    let ids = ids_of(networks, |network| Some(network.id));
    let select = Entity::find().filter(Column::DeviceOwner.eq(METADATA));
    load(db, all_in(db, select, Column::NetworkId, &ids).await?).await
}

/// The row of that id alone.
pub(crate) async fn row_of(db: &impl ConnectionTrait, _: &Inside, id: Uuid) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The port of that id, or all. Ports that only keep a floating IP's address are left out.
pub(crate) async fn all(db: &impl ConnectionTrait, _: &Inside, id: Option<Uuid>) -> Result<Vec<Full>, DbErr> {
    let mut select = Entity::find().filter(Column::DeviceOwner.ne(FLOATING));
    if let Some(id) = id {
        select = select.filter(Column::Id.eq(id));
    }
    load(db, select.all(db).await?).await
}

/// Those with names and those of metadata proxies, on the network of that id or on all.
pub(crate) async fn all_named(
    db: &impl ConnectionTrait,
    _: &Inside,
    network: Option<Uuid>,
) -> Result<Vec<Full>, DbErr> {
    let named = Condition::any().add(Column::DnsName.ne("")).add(Column::DeviceOwner.eq(METADATA));
    let mut select = Entity::find().filter(named);
    if let Some(network) = network {
        select = select.filter(Column::NetworkId.eq(network));
    }
    load(db, select.all(db).await?).await
}

/// The legs of the router of that id, or of all, in the order in which they were made.
pub(crate) async fn all_legs(
    db: &impl ConnectionTrait,
    _: &Inside,
    router: Option<Uuid>,
) -> Result<Vec<Full>, DbErr> {
    let mut select = Entity::find()
        .filter(Column::DeviceOwner.is_in([INTERFACE, GATEWAY]))
        .order_by_asc(Column::CreatedAt);
    if let Some(router) = router {
        select = select.filter(Column::DeviceId.eq(router.to_string()));
    }
    load(db, select.all(db).await?).await
}

/// Those that are bound to a host.
pub(crate) async fn all_bound(db: &impl ConnectionTrait, _: &Inside) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Host.ne("")).all(db).await
}

/// Those of devices, in the order in which they were made.
pub(crate) async fn of_devices(
    db: &impl ConnectionTrait,
    _: &Inside,
    devices: &[Uuid],
) -> Result<Vec<Model>, DbErr> {
    let devices: Vec<String> = devices.iter().map(Uuid::to_string).collect();
    let mut rows = all_in(db, Entity::find(), Column::DeviceId, &devices).await?;
    rows.sort_by_key(|port| (port.created_at, port.id));
    Ok(rows)
}

/// The one with that address on the network of that id.
pub(crate) async fn at(
    db: &impl ConnectionTrait,
    _: &Inside,
    network: Uuid,
    address: std::net::IpAddr,
) -> Result<Option<Model>, DbErr> {
    let row = fixed_ip::Entity::find_by_id((network, address.to_string())).one(db).await?;
    match row {
        Some(row) => Entity::find_by_id(row.port_id).one(db).await,
        None => Ok(None),
    }
}

/// Records another status, if it still has the one that was read; whether it had.
pub(crate) async fn set_status(change: &Change<'_>, port: &Model, status: &str) -> Result<bool, DbErr> {
    let changed = Entity::update_many()
        .col_expr(Column::Status, Expr::val(status))
        .filter(Column::Id.eq(port.id))
        .filter(Column::Status.eq(port.status.as_str()))
        .exec(&**change)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Removes all on a network, with their addresses.
pub(crate) async fn delete_on(change: &Change<'_>, network: &network::Model) -> Result<(), DbErr> {
    let addresses = fixed_ip::Entity::delete_many().filter(fixed_ip::Column::NetworkId.eq(network.id));
    addresses.exec(&**change).await?;
    Entity::delete_many().filter(Column::NetworkId.eq(network.id)).exec(&**change).await?;
    Ok(())
}
