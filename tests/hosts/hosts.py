"""A cloud of two hosts: a controller that is a host too, and an agent in another network namespace.

    scripts/test hosts

Two cables join the namespaces: `control` for the agent's connection and OVN's southbound database, `uplink` for tunnels, which
is a port of each host's bridge `br-ex`. Nothing else leads from one to the other.
"""
import os
import signal
import subprocess
import sys
import tempfile
import time

from lab import BINARY, GUEST, Lab, say, truth
from lab.rest import Cloud
from story.client import Guest, until

CONTROL = ("10.96.0.1", "10.96.0.2")
TUNNEL = ("10.97.0.1", "10.97.0.2")


class Hosts:
    def __init__(self):
        self.one = Lab("one", [
            f"api.agents_listen={CONTROL[0]}:8781", f"network.southbound_listen={CONTROL[0]}:6642",
            f"host.tunnel_address={TUNNEL[0]}/24", 'host.uplinks=["uplink"]', "host.name=host1"])
        self.two = Lab("two", [
            f"network.southbound=tcp:{CONTROL[0]}:6642", f"host.tunnel_address={TUNNEL[1]}/24", 'host.uplinks=["uplink"]', "host.name=host2"])
        self.one.host, self.two.host = "host1", "host2"
        self.agent, self.folder = None, tempfile.mkdtemp(prefix="hosts-")
        self.credentials = os.path.join(self.folder, "host2.pem")

    def cables(self):
        for name in ("control", "uplink"):
            subprocess.run(["ip", "link", "add", name, "netns", self.one.namespace, "type", "veth", "peer", name, "netns", self.two.namespace], check=True)
        for lab, address in ((self.one, CONTROL[0]), (self.two, CONTROL[1])):
            lab.inside(["ip", "address", "add", f"{address}/24", "dev", "control"], check=True)
            lab.inside(["ip", "link", "set", "control", "up"], check=True)

    def start_agent(self, credentials=None):
        with open(f"{self.two.state}/agent.log", "a") as log:
            command = self.two.command("agent", "--controller", f"{CONTROL[0]}:8781", "--credentials", credentials or self.credentials)
            return subprocess.Popen(["nsenter", f"--net=/run/netns/{self.two.namespace}", *command], stdout=log, stderr=log)

    def end_agent(self, sign=signal.SIGKILL):
        os.kill(self.two.pid(), sign)
        self.agent.wait(20)

    def services(self):
        rows = self.cloud.get("compute", "/os-services?binary=nova-compute")["services"]
        return {row["host"]: row["state"] for row in rows}

    def connected(self, up=True):
        until(f"host2 to be {'up' if up else 'down'}", 60, lambda: (self.services().get("host2") == "up") == up)

    def begin(self):
        self.cables()
        self.one.up()
        self.one.enter()
        self.cloud = Cloud(self.one.environment())
        self.one.pileus("host", "credentials", "host2", "--output", self.credentials, stdout=subprocess.DEVNULL)

    def strangers_are_refused(self):
        """A certificate of another authority is not let in, though its name is right."""
        forged = os.path.join(self.folder, "forged.pem")
        with tempfile.TemporaryDirectory(prefix="pl-forger-") as state:
            subprocess.run([BINARY, "--state", state, "host", "credentials", "host2", "--output", forged], check=True, stdout=subprocess.DEVNULL)
        self.agent = self.start_agent(forged)
        time.sleep(8)
        assert "host2" not in self.services(), "a stranger's certificate was accepted"
        until("the stranger's process", 10, lambda: os.path.exists(f"{self.two.state}/pileus.pid"))
        self.end_agent(signal.SIGTERM)
        say("a stranger's certificate is refused")

    def join(self):
        self.agent = self.start_agent()
        self.connected()
        say("host2 has joined")

    def machines(self):
        """One machine on each host, by a server group of anti-affinity."""
        cloud = self.cloud
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.folder}/key"], check=True)
        with open(f"{self.folder}/key.pub") as file:
            cloud.need("POST", "compute", "/os-keypairs", {"keypair": {"name": "hosts", "public_key": file.read().strip(), "type": "ssh"}})
        with open(GUEST, "rb") as file:
            image = cloud.image("guest", file.read())
        flavor = cloud.need("POST", "compute", "/flavors", {"flavor": {"name": "hosts", "ram": 160, "vcpus": 1, "disk": 1}})["flavor"]["id"]
        self.public = cloud.get("network", "/networks?router:external=true")["networks"][0]["id"]
        network, self.subnet, self.router = cloud.network("hosts", "10.55.0.0/24", self.public)
        group = cloud.need("POST", "network", "/security-groups", {"security_group": {"name": "hosts"}})["security_group"]["id"]
        for rule in ({"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}, {"protocol": "icmp"}):
            rule.update(security_group_id=group, direction="ingress", ethertype="IPv4")
            cloud.need("POST", "network", "/security-group-rules", {"security_group_rule": rule})
        apart = {"server_group": {"name": "apart", "policy": "anti-affinity"}}
        apart = cloud.need("POST", "compute", "/os-server-groups", apart)["server_group"]["id"]
        self.servers = {}
        for name in ("one", "two"):
            server = {"name": name, "imageRef": image, "flavorRef": flavor, "key_name": "hosts", "networks": [{"uuid": network}],
                      "security_groups": [{"name": "hosts"}]}
            body = {"server": server, "os:scheduler_hints": {"group": apart}}
            made = cloud.need("POST", "compute", "/servers", body)["server"]["id"]
            until(f"{name} to be ACTIVE", 120, lambda made=made: self.shown(made)["status"] in ("ACTIVE", "ERROR"))
            shown = self.shown(made)
            assert shown["status"] == "ACTIVE", shown
            self.servers[shown["OS-EXT-SRV-ATTR:host"]] = made
        assert set(self.servers) == {"host1", "host2"}, self.servers
        for host, lab in (("host1", self.one), ("host2", self.two)):
            assert [line for _, line in lab.machines()], f"no QEMU on {host}"
        say("one machine runs on each host")

    def shown(self, server):
        return self.cloud.get("compute", f"/servers/{server}")["server"]

    def login(self, host):
        """The machine on that host, by a floating IP."""
        port = self.cloud.get("network", f"/ports?device_id={self.servers[host]}")["ports"][0]
        body = {"floatingip": {"floating_network_id": self.public, "port_id": port["id"]}}
        address = self.cloud.need("POST", "network", "/floatingips", body)["floatingip"]["floating_ip_address"]
        guest = Guest(address, f"{self.folder}/key")
        guest.wait(120)
        return guest, port["fixed_ips"][0]["ip_address"]

    def packets(self):
        """The key of host2's machine came from the metadata service on host2; packets cross the tunnel both ways."""
        near, near_address = self.login("host1")
        far, far_address = self.login("host2")
        near.run(f"ping -c 3 -W 5 {far_address}")
        far.run(f"ping -c 3 -W 5 {near_address}")
        big = "dd if=/dev/zero bs=1024 count=512 2>/dev/null"
        assert far.run(f"{big} | wc -c") == str(512 * 1024)
        crossed = far.run("wget -q -O - http://169.254.169.254/openstack/latest/meta_data.json")
        assert self.servers["host2"] in crossed, crossed
        console = self.cloud.need("POST", "compute", f"/servers/{self.servers['host2']}/action", {"os-getConsoleOutput": {"length": 20}})
        assert "login" in console["output"], console
        return near, far, far_address

    def volume(self, far):
        """A volume in the machine on host2 (both hosts see the same files)."""
        volume = self.cloud.need("POST", "volume", "/volumes", {"volume": {"size": 1, "name": "hosts"}})["volume"]["id"]
        status = lambda: self.cloud.get("volume", f"/volumes/{volume}")["volume"]["status"]  # noqa: E731
        until("the volume", 30, lambda: status() == "available")
        self.cloud.need("POST", "compute", f"/servers/{self.servers['host2']}/os-volume_attachments", {"volumeAttachment": {"volumeId": volume}})
        until("the volume to be attached", 30, lambda: status() == "in-use")
        until("the disk in the guest", 30, lambda: len(far.run("ls /dev | grep '^[sv]d[a-z]$'").split()) == 2)
        self.cloud.need("DELETE", "compute", f"/servers/{self.servers['host2']}/os-volume_attachments/{volume}")
        until("the volume to be free", 60, lambda: status() == "available")
        self.cloud.need("DELETE", "volume", f"/volumes/{volume}")

    def agent_dies(self, near, far, far_address):
        born = far.run("cat /proc/sys/kernel/random/boot_id")
        self.end_agent()
        near.run(f"ping -c 2 -W 5 {far_address}")
        self.connected(up=False)
        self.join()
        assert self.shown(self.servers["host2"])["status"] == "ACTIVE"
        assert far.run("cat /proc/sys/kernel/random/boot_id") == born, "the machine was started again"
        say("the agent was killed and started again; its machine never noticed")

    def agent_away(self):
        """What is asked while the agent is away is done when it is back."""
        self.end_agent()
        self.connected(up=False)
        self.cloud.need("POST", "compute", f"/servers/{self.servers['host2']}/action", {"reboot": {"type": "HARD"}})
        time.sleep(2)
        self.join()
        until("the reboot", 60, lambda: self.shown(self.servers["host2"])["status"] == "ACTIVE"
              and not self.shown(self.servers["host2"])["OS-EXT-STS:task_state"])

    def true(self):
        found = []

        def agreed():
            nonlocal found
            found = [each for lab in (self.one, self.two) for each in self.of(lab)]
            return not found

        try:
            until("both hosts to be as the APIs say", 30, agreed)
        except AssertionError:
            raise AssertionError("\n".join(found)) from None

    def of(self, lab):
        """What does not agree on a host. OVN's northbound database and the files of volumes are those of the controller."""
        said = truth.Said(self.cloud)
        if lab is self.one:
            return truth.resting(said) + truth.agreeing(said) + truth.files(lab, said) + truth.machines(lab, said) + truth.networks(lab, said)
        return truth.machines(lab, said)

    def nothing_left(self):
        for address in self.cloud.get("network", "/floatingips")["floatingips"]:
            self.cloud.need("DELETE", "network", f"/floatingips/{address['id']}")
        for server in self.servers.values():
            self.cloud.need("DELETE", "compute", f"/servers/{server}")
        until("the servers to be gone", 60, lambda: not self.cloud.get("compute", "/servers")["servers"])
        self.true()
        for lab in (self.one, self.two):
            assert not lab.machines(), lab.machines()
            left = os.listdir(f"{lab.state}/host/machines")
            assert not left, f"left of machines: {left}"
        until("the taps and namespaces of host2 to be gone", 20, lambda: not self.two.metadata()
              and not [name for name in self.two.links() if name.startswith("tap")])
        say("nothing is left on either host")

    def remove(self, failed):
        if failed:
            subprocess.run(["tail", "-n", "40", f"{self.one.state}/log/pileus.log", f"{self.two.state}/agent.log"], check=False)
        if self.agent and self.agent.poll() is None:
            self.end_agent(signal.SIGTERM)
        self.two.remove(keep_state=failed)
        self.one.remove(keep_state=failed)


def main():
    hosts, failed = Hosts(), True
    try:
        hosts.begin()
        hosts.strangers_are_refused()
        hosts.join()
        hosts.machines()
        near, far, far_address = hosts.packets()
        hosts.volume(far)
        hosts.true()
        hosts.agent_dies(near, far, far_address)
        hosts.agent_away()
        hosts.true()
        hosts.nothing_left()
        print("1 passed, 0 failed", flush=True)
        failed = False
    finally:
        hosts.remove(failed)
    sys.exit(failed)


main()
