"""The workload of the chaos test, and the model of what it may have brought about.

Every fact about a thing is a set of the values that it may have: an acknowledged write leaves one value, a write without an
answer adds one, a refused write changes nothing. Whether a thing is there is such a fact too.
"""
import random
import threading
import time
import uuid

from lab.rest import Unanswered


class Thing:
    """Something that this workload made, or may have made."""

    def __init__(self, kind, name, **facts):
        self.kind, self.id, self.first_name = kind, None, name
        self.facts = {"there": {False}, "name": {name}, **{fact: {value} for fact, value in facts.items()}}

    def surely(self, **facts):
        return all(self.facts.get(fact) == {value} for fact, value in facts.items())

    def written(self, answer, **facts):
        """Takes in what a write may have done. `answer` is None when there was none."""
        for fact, value in facts.items():
            if answer is None:
                self.facts[fact] = self.facts[fact] | {value}
            elif answer.good:
                self.facts[fact] = {value}

    def left(self, fact, value, sure):
        """The thing that this fact speaks of is gone, or may be."""
        if value in self.facts.get(fact, ()):
            gone = {None if each == value else each for each in self.facts[fact]}
            self.facts[fact] = gone if sure else self.facts[fact] | gone

    def __str__(self):
        return f"{self.kind} {self.id or self.first_name}"


class Shared:
    """What all workers use: made once, before anything is killed."""

    def __init__(self, cloud, guest, real, servers):
        cloud.unlimited()
        self.image = cloud.image("chaos-base", guest, "qcow2" if real else "raw")
        flavor = {"name": "chaos", "ram": 128, "vcpus": 1, "disk": 1}
        self.flavor = cloud.need("POST", "compute", "/flavors", {"flavor": flavor})["flavor"]["id"]
        public = cloud.get("network", "/networks?router:external=true")["networks"]
        self.public = public[0]["id"]
        self.network, self.subnet, self.router = cloud.network("chaos", "10.77.0.0/16", self.public)
        #: Servers at once of each worker.
        self.servers = servers


class Worker(threading.Thread):
    """Makes, changes and removes things of its own, one request at a time, until told to rest."""

    def __init__(self, cloud, shared, seed, number, running, stop):
        super().__init__(daemon=True)
        self.cloud, self.shared = cloud, shared
        self.random = random.Random(f"{seed}/{number}")
        self.running, self.stop, self.resting = running, stop, threading.Event()
        self.prefix = f"w{number}"
        self.things, self.wrong, self.operations = [], [], 0

    def run(self):
        while not self.stop.is_set():
            if not self.running.is_set():
                self.resting.set()
                self.running.wait(0.2)
                continue
            self.resting.clear()
            weights, actions = zip(*ACTIONS)
            try:
                self.random.choices(actions, weights)[0](self)
            except Exception as error:  # noqa: BLE001 - a bug of the test must not pass for a quiet worker
                self.wrong.append(f"the workload itself failed: {error!r}")
            time.sleep(self.random.random() * 0.05)
        self.resting.set()

    def ask(self, method, service, path, body=None, **options):
        """A write; None when there is no answer."""
        try:
            answer = self.cloud.ask(method, service, path, body, **options)
        except Unanswered:
            self.running.wait(0)
            time.sleep(0.05)
            return None
        self.operations += answer.good
        if answer.status >= 500 or answer.status == 401:
            self.wrong.append(str(answer))
        return answer

    def some(self, kind, **facts):
        """One of the things of that kind that are surely so."""
        fit = [thing for thing in self.things if thing.kind == kind and thing.surely(there=True, **facts)]
        return self.random.choice(fit) if fit else None

    def count(self, kind):
        return sum(thing.kind == kind for thing in self.things)

    def make(self, kind, service, path, key, limit, body=None, **facts):
        """Creates a thing; None when it was refused or nobody knows."""
        if self.count(kind) >= limit:
            return None
        thing = Thing(kind, f"{self.prefix}-{kind}-{uuid.uuid4().hex[:8]}", **facts)
        body = {"name": thing.first_name, **(body or {})}
        if kind == "address":
            body["description"] = body.pop("name")
        answer = self.ask("POST", service, path, {key: body} if key else body)
        if answer is not None and not answer.good:
            return None
        thing.written(answer, there=True)
        if answer is not None:
            made = answer.json()
            thing.id = (made[key] if key else made)["id"]
        self.things.append(thing)
        return thing

    def delete(self, thing, service, path):
        answer = self.ask("DELETE", service, f"{path}/{thing.id}")
        thing.written(answer, there=False)
        if answer is None or answer.good:
            for other in self.things:
                other.left(thing.kind, thing.id, sure=answer is not None)

    # Servers, and what they have.

    def create_server(self):
        port = self.some("port", server=None) if self.random.random() < 0.4 else None
        network = {"port": port.id} if port else {"uuid": self.shared.network}
        body = {"imageRef": self.shared.image, "flavorRef": self.shared.flavor, "networks": [network]}
        server = self.make("server", "compute", "/servers", "server", self.shared.servers, body)
        if server and port:
            # Of a server that was made without an answer, the id is not known yet.
            port.facts["server"] = {server.id} if server.id else {None, server}

    def delete_server(self):
        if server := self.some("server"):
            self.delete(server, "compute", "/servers")

    def rename_server(self):
        if server := self.some("server"):
            name = f"{server.first_name}-{self.random.randrange(1000)}"
            server.written(self.ask("PUT", "compute", f"/servers/{server.id}", {"server": {"name": name}}), name=name)

    def attach_volume(self):
        server, volume = self.some("server"), self.some("volume", server=None)
        if server and volume:
            body = {"volumeAttachment": {"volumeId": volume.id}}
            volume.written(self.ask("POST", "compute", f"/servers/{server.id}/os-volume_attachments", body), server=server.id)

    def detach_volume(self):
        attached = [thing for thing in self.things if thing.kind == "volume" and len(thing.facts["server"]) == 1 and not thing.surely(server=None)]
        if attached:
            volume = self.random.choice(attached)
            server, = volume.facts["server"]
            volume.written(self.ask("DELETE", "compute", f"/servers/{server}/os-volume_attachments/{volume.id}"), server=None)

    def attach_port(self):
        server, port = self.some("server"), self.some("port", server=None)
        if server and port:
            body = {"interfaceAttachment": {"port_id": port.id}}
            port.written(self.ask("POST", "compute", f"/servers/{server.id}/os-interface", body), server=server.id)

    def detach_port(self):
        attached = [thing for thing in self.things if thing.kind == "port" and len(thing.facts["server"]) == 1 and not thing.surely(server=None)]
        if attached:
            port = self.random.choice(attached)
            server, = port.facts["server"]
            port.written(self.ask("DELETE", "compute", f"/servers/{server}/os-interface/{port.id}"), server=None)

    # Volumes, networks, ports, floating IPs, images.

    def create_volume(self):
        body = {"size": 1, **({"imageRef": self.shared.image} if self.random.random() < 0.2 else {})}
        self.make("volume", "volume", "/volumes", "volume", 4, body, server=None)

    def delete_volume(self):
        if volume := self.some("volume", server=None):
            self.delete(volume, "volume", "/volumes")

    def create_network(self):
        self.make("network", "network", "/networks", "network", 3, subnet=None)

    def create_subnet(self):
        if network := self.some("network", subnet=None):
            cidr = f"10.{self.random.randrange(100, 200)}.{self.random.randrange(256)}.0/24"
            body = {"subnet": {"network_id": network.id, "cidr": cidr, "ip_version": 4}}
            network.written(self.ask("POST", "network", "/subnets", body), subnet=cidr)

    def delete_network(self):
        if network := self.some("network"):
            self.delete(network, "network", "/networks")

    def create_port(self):
        self.make("port", "network", "/ports", "port", 4, {"network_id": self.shared.network}, server=None)

    def rename_port(self):
        if port := self.some("port"):
            name = f"{port.first_name}-{self.random.randrange(1000)}"
            port.written(self.ask("PUT", "network", f"/ports/{port.id}", {"port": {"name": name}}), name=name)

    def delete_port(self):
        if port := self.some("port", server=None):
            self.delete(port, "network", "/ports")

    def create_address(self):
        self.make("address", "network", "/floatingips", "floatingip", 3, {"floating_network_id": self.shared.public}, port=None)

    def associate(self):
        address, port = self.some("address"), self.some("port")
        if address:
            port = port.id if port and self.random.random() < 0.7 else None
            taken = any(port in other.facts["port"] for other in self.things if other.kind == "address" and other is not address)
            if port is None or not taken:
                body = {"floatingip": {"port_id": port}}
                address.written(self.ask("PUT", "network", f"/floatingips/{address.id}", body), port=port)

    def delete_address(self):
        if address := self.some("address"):
            self.delete(address, "network", "/floatingips")

    def create_image(self):
        body = {"disk_format": "raw", "container_format": "bare"}
        image = self.make("image", "image", "/images", None, 3, body, status="queued")
        if image and image.id:
            content = self.random.randbytes(1 << self.random.randrange(12, 22))
            image.written(self.ask("PUT", "image", f"/images/{image.id}/file", raw=content), status="active")

    def delete_image(self):
        if image := self.some("image"):
            self.delete(image, "image", "/images")


ACTIONS = [
    (5, Worker.create_server), (1, Worker.delete_server), (2, Worker.rename_server),
    (6, Worker.attach_volume), (3, Worker.detach_volume), (6, Worker.attach_port), (3, Worker.detach_port),
    (4, Worker.create_volume), (2, Worker.delete_volume),
    (3, Worker.create_network), (3, Worker.create_subnet), (2, Worker.delete_network),
    (4, Worker.create_port), (2, Worker.rename_port), (2, Worker.delete_port),
    (3, Worker.create_address), (4, Worker.associate), (1, Worker.delete_address),
    (3, Worker.create_image), (2, Worker.delete_image),
]


def seen(said, kind, subnets):
    """The facts of everything of a kind, by id."""
    if kind == "server":
        return {row["id"]: {"name": row["name"]} for row in said.servers.values()}
    if kind == "volume":
        on = {row["volume_id"]: row["instance"] for row in said.attachments.values()}
        return {row["id"]: {"name": row["name"], "server": on.get(row["id"])} for row in said.volumes.values()}
    if kind == "network":
        return {row["id"]: {"name": row["name"], "subnet": subnets.get(row["id"])} for row in said.networks.values()}
    if kind == "port":
        return {row["id"]: {"name": row["name"], "server": row["device_id"] or None} for row in said.ports.values()}
    if kind == "address":
        return {row["id"]: {"name": row["description"], "port": row["port_id"]} for row in said.addresses.values()}
    return {row["id"]: {"name": row["name"], "status": row["status"]} for row in said.images.values()}


def compare(workers, shared, said):
    """What is not as some acknowledged write left it, and what nobody made."""
    found, known = [], set()
    subnets = {row["network_id"]: row["cidr"] for row in said.subnets.values()}
    kinds = {kind: seen(said, kind, subnets) for kind in ("server", "volume", "network", "port", "address", "image")}
    things = [thing for worker in workers for thing in worker.things]
    for thing in things:
        if thing.id is None:
            thing.id = next((name for name, facts in kinds[thing.kind].items() if facts["name"] == thing.first_name), None)
    for thing in things:
        there = kinds[thing.kind].get(thing.id)
        known.add(thing.id)
        if (there is not None) not in thing.facts["there"]:
            found.append(f"{thing}: " + ("deleted, and there" if there else "acknowledged, and lost"))
        for fact, value in (there or {}).items():
            allowed = {each.id if isinstance(each, Thing) else each for each in thing.facts[fact]}
            if thing.facts["there"] == {True} and value not in allowed:
                found.append(f"{thing}: {fact} is {value!r}, acknowledged was {sorted(map(str, allowed))}")
    base = {shared.image, shared.network, shared.public}
    for kind, rows in kinds.items():
        for name in rows.keys() - known - base:
            if kind == "port" and said.ports[name]["device_owner"]:
                continue  # Neutron's own, or a server's: `truth` looks after those.
            found.append(f"{kind} {name} ({rows[name]['name']}): nobody made it")
    return found


def adopt(workers, said):
    """What was uncertain is as it turned out to be."""
    subnets = {row["network_id"]: row["cidr"] for row in said.subnets.values()}
    for worker in workers:
        kept = []
        for thing in worker.things:
            there = seen(said, thing.kind, subnets).get(thing.id)
            if there is not None:
                thing.facts = {"there": {True}, **{fact: {value} for fact, value in there.items()}}
                kept.append(thing)
        worker.things = kept
