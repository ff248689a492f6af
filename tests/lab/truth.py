"""What is really there, side by side with what the APIs say: processes, disks, taps, OVN's rows, files, allocations.

`discrepancies` answers sentences; in a cloud that is at rest and true there are none.
"""
import json
import os
import re
import sqlite3
import subprocess
import uuid
import xml.etree.ElementTree

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
RESTING = {
    "server": {"ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED", "SHELVED_OFFLOADED"},
    "volume": {"available", "in-use"},
    "image": {"queued", "active", "deactivated"},
    "router": {"ACTIVE"},
    "network": {"ACTIVE"},
}


class Said:
    """What the APIs say, of all projects."""

    def __init__(self, cloud):
        def by_id(rows):
            return {row["id"]: row for row in rows}

        self.servers = by_id(cloud.pages("compute", "/servers/detail?all_tenants=1", "servers"))
        self.interfaces = {server: cloud.get("compute", f"/servers/{server}/os-interface")["interfaceAttachments"] for server in self.servers}
        self.disks = {server: cloud.get("compute", f"/servers/{server}/os-volume_attachments")["volumeAttachments"] for server in self.servers}
        self.volumes = by_id(cloud.pages("volume", "/volumes/detail?all_tenants=1", "volumes"))
        self.snapshots = by_id(cloud.pages("volume", "/snapshots/detail?all_tenants=1", "snapshots"))
        self.attachments = by_id(cloud.pages("volume", "/attachments/detail?all_tenants=1", "attachments"))
        self.images = by_id(cloud.pages("image", "/images?limit=1000", "images"))
        self.networks, self.subnets, self.ports, self.routers, self.addresses, self.groups = (
            by_id(cloud.get("network", f"/{kind}")[kind.replace("-", "_")])
            for kind in ("networks", "subnets", "ports", "routers", "floatingips", "security-groups"))
        self.allocations, self.usages = {}, {}
        for provider in cloud.get("placement", "/resource_providers")["resource_providers"]:
            for consumer, what in cloud.get("placement", f"/resource_providers/{provider['uuid']}/allocations")["allocations"].items():
                self.allocations[consumer] = what["resources"]
            for name, used in cloud.get("placement", f"/resource_providers/{provider['uuid']}/usages")["usages"].items():
                self.usages[name] = self.usages.get(name, 0) + used

    def placed(self):
        """Servers that have a host."""
        return {name for name, server in self.servers.items() if server.get("OS-EXT-SRV-ATTR:host")}

    def bound(self, server):
        return {port["id"] for port in self.ports.values() if port["device_id"] == server}


def missing(what, wanted, there):
    return [f"{what} {name}: not there" for name in sorted(set(wanted) - set(there))]


def orphaned(what, there, wanted):
    return [f"{what} {name}: orphaned" for name in sorted(set(there) - set(wanted))]


def resting(said):
    """Nothing is under way, nothing has failed."""
    found = []
    for server in said.servers.values():
        task = server.get("OS-EXT-STS:task_state")
        if server["status"] not in RESTING["server"] or task:
            fault = (server.get("fault") or {}).get("message", "without a fault")
            found.append(f"server {server['id']}: {server['status']} (task {task}), {fault}")
    for kind in ("volume", "image", "router", "network"):
        for row in getattr(said, kind + "s").values():
            if row["status"] not in RESTING[kind]:
                found.append(f"{kind} {row['id']}: {row['status']}")
    for snapshot in said.snapshots.values():
        if snapshot["status"] != "available":
            found.append(f"snapshot {snapshot['id']}: {snapshot['status']}")
    for attachment in said.attachments.values():
        if attachment["status"] != "attached":
            found.append(f"attachment {attachment['id']} of volume {attachment['volume_id']}: {attachment['status']}")
    for address in said.addresses.values():
        wanted = "ACTIVE" if address["port_id"] else "DOWN"
        if address["status"] != wanted:
            found.append(f"floating ip {address['id']}: {address['status']}, should be {wanted}")
    return found


def agreeing(said):
    """The services tell the same story."""
    found = []
    of_nova = {(disk["volumeId"], server) for server, disks in said.disks.items() for disk in disks}
    of_cinder = {(row["volume_id"], row["instance"]) for row in said.attachments.values() if row["instance"]}
    shown = {(disk["id"], server) for server, row in said.servers.items() for disk in row.get("os-extended-volumes:volumes_attached", [])}
    found += [f"volume {volume} on server {server}: Nova says so, Cinder does not" for volume, server in of_nova - of_cinder]
    found += [f"volume {volume} on server {server}: Cinder says so, Nova does not" for volume, server in of_cinder - of_nova]
    found += [f"volume {volume} on server {server}: the server shows it, its attachments do not" for volume, server in shown ^ of_nova]
    attached = {volume for volume, _ in of_cinder}
    for volume in said.volumes.values():
        if (volume["status"] == "in-use") != (volume["id"] in attached):
            found.append(f"volume {volume['id']}: {volume['status']}, attached: {volume['id'] in attached}")
    for server in said.servers:
        of_nova, of_neutron = {card["port_id"] for card in said.interfaces[server]}, said.bound(server)
        found += [f"port {port} of server {server}: Nova says so, Neutron does not" for port in of_nova - of_neutron]
        found += [f"port {port} of server {server}: Neutron says so, Nova does not" for port in of_neutron - of_nova]
    for port in said.ports.values():
        owner = port["device_owner"]
        if owner.startswith("compute:") and port["device_id"] not in said.servers:
            found.append(f"port {port['id']}: of server {port['device_id']}, which is not there")
        if not owner and port["device_id"]:
            found.append(f"port {port['id']}: without an owner, with a device {port['device_id']}")
        if port["network_id"] not in said.networks:
            found.append(f"port {port['id']}: on network {port['network_id']}, which is not there")
    found += missing("allocations of server", said.placed(), said.allocations)
    found += orphaned("allocations of server", said.allocations, said.servers)
    for name in ("VCPU", "MEMORY_MB", "DISK_GB"):
        total = sum(what.get(name, 0) for what in said.allocations.values())
        if total != said.usages.get(name, 0):
            found.append(f"placement: {said.usages.get(name)} {name} used, {total} allocated")
    return found


def folder(path):
    return os.listdir(path) if os.path.isdir(path) else []


def image_contents(lab):
    """Rows of image contents: the content's id, and its image's."""
    connection = sqlite3.connect(f"file:{lab.state}/db/glance.db?mode=ro", uri=True)
    rows = connection.execute("select id, image from contents").fetchall()
    connection.close()
    return {str(uuid.UUID(bytes=one)): str(uuid.UUID(bytes=other)) for one, other in rows}


def files(lab, said):
    """Files of volumes, snapshots, images and machines."""
    found = []
    for what, place, prefix, wanted in (
            ("file of volume", "volumes/data", "volume-", said.volumes),
            ("file of snapshot", "volumes/snapshots", "snapshot-", said.snapshots)):
        there = {name.removeprefix(prefix) for name in folder(f"{lab.state}/{place}")}
        found += missing(what, wanted, there) + orphaned(what, there, wanted)
    for place in ("volumes/staging", "tmp"):
        found += [f"file {place}/{name}: left behind" for name in folder(f"{lab.state}/{place}")]
    contents = image_contents(lab)
    active = {image["id"] for image in said.images.values() if image["status"] in ("active", "deactivated")}
    found += missing("content of image", active, contents.values()) + orphaned("content of image", contents.values(), said.images)
    there = folder(f"{lab.state}/images/images")
    found += missing("file of content", contents, there) + orphaned("file of content", there, contents)
    found += [f"file images/incoming/{name}: left behind" for name in folder(f"{lab.state}/images/incoming")]
    there = folder(f"{lab.state}/host/machines")
    found += missing("folder of machine", lab.hosted(said), there)
    found += orphaned("folder of machine", there, lab.hosted(said))
    return found


def domains(lab):
    """Machines by libvirt: {server: (runs, files of volumes, taps)}."""
    socket = f"{lab.state}/libvirt/run/libvirt-sock"
    if not os.path.exists(socket):
        return {}

    def virsh(*words):
        uri = f"qemu+unix:///system?socket={socket}"
        return subprocess.run(["virsh", "-q", "-c", uri, *words], capture_output=True, text=True, timeout=20).stdout

    found = {}
    for name in virsh("list", "--all", "--uuid").split():
        text = virsh("dumpxml", name)
        if not text.strip():
            continue
        domain = xml.etree.ElementTree.fromstring(text)
        disks = {match.group() for source in domain.findall("devices/disk/source")
                 if "/volumes/data/" in source.get("file", "") and (match := UUID.search(os.path.basename(source.get("file"))))}
        taps = {target.get("dev") for target in domain.findall("devices/interface/target")}
        found[name] = ("running" in virsh("domstate", name), disks, taps)
    return found


def tap(port):
    return f"tap{port[:11]}"


def machines(lab, said):
    """QEMU, libvirt and taps."""
    found = []
    running = {match.group(1) for _, line in lab.machines() if (match := re.search(r"-uuid (\S+)", line))}
    hosted = lab.hosted(said)
    active = {server for server in hosted if said.servers[server]["status"] in ("ACTIVE", "PAUSED")}
    found += missing("QEMU process of server", active, running)
    found += [f"QEMU process of server {server}: {said.servers[server]['status'] if server in said.servers else 'there is no such server'}"
              for server in sorted(running - active)]
    known = domains(lab)
    found += orphaned("libvirt's domain", known, hosted)
    for server in active & set(known):
        _, disks, taps = known[server]
        wanted = {disk["volumeId"] for disk in said.disks[server]}
        found += [f"server {server}: has not the disk of volume {volume}" for volume in wanted - disks]
        found += [f"server {server}: has the disk of volume {volume} still" for volume in disks - wanted]
        wanted = {tap(port) for port in said.bound(server)}
        found += [f"server {server}: has not the card {card}" for card in wanted - taps]
        found += [f"server {server}: has the card {card} still" for card in taps - wanted]
    links = {name for name in lab.links() if name.startswith("tap")}
    needed = {tap(port) for server in active for port in said.bound(server)}
    found += missing("interface", needed, links)
    found += orphaned("interface", links, {tap(port) for port in said.ports})
    for server in active:
        found += [f"port {port} of running server {server}: {said.ports[port]['status']}"
                  for port in said.bound(server) if said.ports[port]["status"] != "ACTIVE"]
    return found


def ovsdb(lab, socket, database, table, *columns):
    """Rows of a table, as dictionaries."""
    query = json.dumps([database, {"op": "select", "table": table, "where": [], "columns": list(columns)}])
    out = subprocess.run(["ovsdb-client", "--timeout=20", "transact", f"unix:{lab.state}/ovn/run/{socket}", query],
                         capture_output=True, text=True, check=True).stdout

    def plain(value):
        if isinstance(value, list) and value and value[0] == "map":
            return dict(value[1])
        if isinstance(value, list) and value and value[0] == "set":
            return [plain(item) for item in value[1]]
        return value

    return [{name: plain(value) for name, value in row.items()} for row in json.loads(out)[0]["rows"]]


def marked(rows, kind):
    """Ids of the rows that Pileus marked as that kind."""
    return {row["external_ids"]["pileus:id"] for row in rows if row["external_ids"].get("pileus:kind") == kind}


def networks(lab, said):
    """OVN's northbound database, the host's switch, and metadata namespaces."""
    def northbound(table, *columns):
        return ovsdb(lab, "ovnnb_db.sock", "OVN_Northbound", table, "external_ids", *columns)

    found = []
    for what, there, wanted in (
            ("logical switch", marked(northbound("Logical_Switch"), "network"), said.networks),
            ("logical router", marked(northbound("Logical_Router"), "router"), said.routers)):
        found += missing(what, wanted, there) + orphaned(what, there, wanted)
    ports = northbound("Logical_Switch_Port", "name")
    there = {row["name"] for row in ports if row["external_ids"].get("pileus:kind") == "port"}
    # A floating IP's own port is an address only.
    wanted = {port["id"] for port in said.ports.values() if port["device_owner"] != "network:floatingip"}
    found += missing("logical switch port", wanted, there) + orphaned("logical switch port", there, wanted)
    subnets = marked(northbound("DHCP_Options"), "subnet")
    found += orphaned("DHCP options of subnet", subnets, said.subnets)
    groups = {str(uuid.UUID(row["name"][3:].replace("_", ""))) for row in northbound("Port_Group", "name") if row["name"].startswith("pg_")}
    found += missing("port group", said.groups, groups) + orphaned("port group", groups, said.groups)
    there = {row["external_ip"] for row in northbound("NAT", "type", "external_ip") if row["type"] == "dnat_and_snat"}
    wanted = {address["floating_ip_address"] for address in said.addresses.values() if address["port_id"]}
    found += missing("NAT of", wanted, there) + orphaned("NAT of", there, wanted)
    for row in ovsdb(lab, "db.sock", "Open_vSwitch", "Interface", "name", "external_ids"):
        port = row["external_ids"].get("pileus:port")
        if port and port not in said.ports:
            found.append(f"interface {row['name']} of Open vSwitch: of port {port}, which is not there")
    for name in lab.metadata():
        if UUID.search(name).group() not in said.networks:
            found.append(f"namespace {name}: its network is not there")
    return found


def discrepancies(lab, cloud, real):
    """Everything that is not as it should be in a cloud at rest, in sentences."""
    said = Said(cloud)
    found = resting(said) + agreeing(said)
    if real:
        found += files(lab, said) + machines(lab, said) + networks(lab, said)
    return said, found
