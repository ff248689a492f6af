//! A security group: a port group with a list of what is allowed. One more group, of all ports that have port security,
//! drops the rest.

use contracts::driver::{Direction, SecurityGroup};
use uuid::Uuid;

use super::{
    acl,
    plan::{Child, Plan},
    tables::{BY_NAME, NAME, marks},
};
use crate::ovsdb::{Atom, Columns, Datum};

/// The group that drops.
pub(super) const DROP_GROUP: &str = "pileus_drop";
pub(super) const KIND_GROUP: &str = "security-group";
const KIND_DROP: &str = "drop";
const KIND_RULE: &str = "rule";

const ALLOW_PRIORITY: i64 = 1002;
const DROP_PRIORITY: i64 = 1000;

/// The name of a security group's port group: names in expressions can't have hyphens.
pub(super) fn group_name(id: Uuid) -> String {
    format!("pg_{}", id.to_string().replace('-', "_"))
}

impl Plan<'_> {
    /// The security group is so. Its members are the business of ports.
    pub(super) fn security_group(&mut self, group: &SecurityGroup) {
        let name = group_name(group.id);
        let action = if group.stateful { "allow-related" } else { "allow-stateless" };
        let rules = group.rules.iter().filter_map(|rule| {
            let expression = acl::expression(&name, rule)?;
            Some(access(&rule.id.to_string(), ALLOW_PRIORITY, rule.direction, &expression, action))
        });
        let rules = rules.collect();
        let marks = marks(KIND_GROUP, &group.id.to_string(), [(NAME, group.name.clone())]);
        self.port_group(&name, marks, rules);
    }

    /// The group that drops, made when it is not there yet.
    pub(super) fn drop_group(&mut self) -> Atom {
        match self.table("Port_Group").find(BY_NAME, DROP_GROUP).first() {
            Some((id, _)) => Atom::Uuid(*id),
            None => self.mend_drop_group(),
        }
    }

    /// The group that drops is as it should be: nothing passes, but asking for an address. (ARP is not IP and passes;
    /// neighbour discovery is let through by OVN itself.)
    pub(super) fn mend_drop_group(&mut self) -> Atom {
        let dhcp4 = format!("inport == @{DROP_GROUP} && ip4 && udp.src == 68 && udp.dst == 67");
        let dhcp6 = format!("inport == @{DROP_GROUP} && ip6 && udp.src == 546 && udp.dst == 547");
        let (inward, outward) =
            (format!("outport == @{DROP_GROUP} && ip"), format!("inport == @{DROP_GROUP} && ip"));
        let rules = vec![
            access("drop-ingress", DROP_PRIORITY, Direction::Ingress, &inward, "drop"),
            access("drop-egress", DROP_PRIORITY, Direction::Egress, &outward, "drop"),
            access("dhcp4", ALLOW_PRIORITY, Direction::Egress, &dhcp4, "allow"),
            access("dhcp6", ALLOW_PRIORITY, Direction::Egress, &dhcp6, "allow"),
        ];
        self.port_group(DROP_GROUP, marks(KIND_DROP, DROP_GROUP, []), rules)
    }

    fn port_group(&mut self, name: &str, marks: Datum, rules: Vec<Child>) -> Atom {
        let table = self.table("Port_Group");
        let found = table.find(BY_NAME, name).first().map(|(id, _)| *id);
        let columns = Columns::from([("name", Datum::one(name)), ("external_ids", marks)]);
        let group = self.transaction.put("Port_Group", table, found, &columns);
        self.children(("Port_Group", &group, "acls"), "ACL", rules);
        group
    }

    /// The security group is no more.
    pub(super) fn remove_security_group(&mut self, id: Uuid) {
        for (group, _) in self.table("Port_Group").find(BY_NAME, group_name(id)) {
            self.transaction.delete("Port_Group", group);
        }
    }
}

fn access(key: &str, priority: i64, direction: Direction, expression: &str, action: &str) -> Child {
    let columns = Columns::from([
        ("priority", Datum::one(priority)),
        ("direction", Datum::one(acl::direction(direction))),
        ("match", Datum::one(expression)),
        ("action", Datum::one(action)),
        ("external_ids", marks(KIND_RULE, key, [])),
    ]);
    Child { key: key.to_owned(), columns }
}
