"""How long a machine takes until one can log in: as a server of the cloud, and the same image on QEMU started by hand."""
import json
import os
import socket
import subprocess
import tempfile
import time

from lab import GUEST
from story.client import Guest

MEMORY, DISK = 160, 1


def answers(address, port):
    """Whether an SSH server greets there."""
    try:
        with socket.create_connection((address, port), 0.5) as link:
            link.settimeout(0.5)
            return link.recv(4).startswith(b"SSH-")
    except OSError:
        return False


def login(address, port, key, seconds=180):
    """Waits for a login."""
    deadline = time.monotonic() + seconds
    guest = Guest(address, key)
    while time.monotonic() < deadline:
        if answers(address, port) and subprocess.run(
                ["ssh", "-i", key, "-p", str(port), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                 "-o", "ConnectTimeout=5", "-o", "BatchMode=yes", f"{guest.user}@{address}", "true"], capture_output=True).returncode == 0:
            return
        time.sleep(0.05)
    raise AssertionError(f"no login at {address}:{port} within {seconds} s")


def keys(folder):
    key = f"{folder}/key"
    if not os.path.exists(key):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    with open(f"{key}.pub") as file:
        return key, file.read().strip()


def by_hand(folder, number):
    """QEMU with emulation and its own user network; the key comes by a config drive."""
    key, public = keys(folder)
    work = tempfile.mkdtemp(dir=folder)
    latest = f"{work}/drive/openstack/latest"
    os.makedirs(latest)
    with open(f"{latest}/meta_data.json", "w") as file:
        json.dump({"uuid": f"11111111-2222-4333-8444-{number:012d}", "name": "by-hand", "hostname": "by-hand", "public_keys": {"key": public}}, file)
    subprocess.run(["genisoimage", "-quiet", "-r", "-J", "-V", "config-2", "-o", f"{work}/config.iso", f"{work}/drive"], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.monotonic()
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", GUEST, "-F", "qcow2", f"{work}/disk.qcow2", f"{DISK}G"], check=True)
    process = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", "tcg", "-machine", "pc", "-cpu", "max", "-m", str(MEMORY), "-nodefaults", "-display", "none", "-no-user-config",
         "-drive", f"if=none,id=root,file={work}/disk.qcow2,format=qcow2", "-device", "virtio-blk-pci,drive=root,bootindex=0",
         "-drive", f"if=none,id=config,file={work}/config.iso,format=raw,readonly=on", "-device", "virtio-blk-pci,drive=config",
         "-netdev", f"user,id=net0,hostfwd=tcp:127.0.0.1:{port}-:22", "-device", "virtio-net-pci,netdev=net0,romfile="])
    try:
        login("127.0.0.1", port, key)
        return time.monotonic() - started
    finally:
        process.kill()
        process.wait()


class Servers:
    """Servers of the cloud, with a floating IP that is there before."""

    def __init__(self, cloud, folder):
        self.cloud = cloud
        self.key, public = keys(folder)
        cloud.need("POST", "compute", "/os-keypairs", {"keypair": {"name": "bench", "public_key": public, "type": "ssh"}})
        with open(GUEST, "rb") as file:
            self.image = cloud.image("guest", file.read())
        flavor = {"name": "bench", "ram": MEMORY, "vcpus": 1, "disk": DISK}
        self.flavor = cloud.need("POST", "compute", "/flavors", {"flavor": flavor})["flavor"]["id"]
        self.public = cloud.get("network", "/networks?router:external=true")["networks"][0]["id"]
        self.network, _, _ = cloud.network("bench", "10.66.0.0/24", self.public)
        group = cloud.need("POST", "network", "/security-groups", {"security_group": {"name": "bench"}})["security_group"]["id"]
        rule = {"security_group_id": group, "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
        cloud.need("POST", "network", "/security-group-rules", {"security_group_rule": rule})
        port = cloud.need("POST", "network", "/ports", {"port": {"network_id": self.network, "security_groups": [group]}})["port"]["id"]
        self.port = port
        body = {"floatingip": {"floating_network_id": self.public, "port_id": port}}
        self.address = cloud.need("POST", "network", "/floatingips", body)["floatingip"]["floating_ip_address"]

    def boot(self):
        """Seconds until the request was answered, until ACTIVE, until the login."""
        started = time.monotonic()
        body = {"name": "bench", "imageRef": self.image, "flavorRef": self.flavor, "key_name": "bench", "networks": [{"port": self.port}]}
        server = self.cloud.need("POST", "compute", "/servers", {"server": body})["server"]["id"]
        accepted = time.monotonic() - started

        def status():
            shown = self.cloud.get("compute", f"/servers/{server}")["server"]
            if shown["status"] == "ERROR":
                raise AssertionError(f"ERROR: {shown.get('fault')}")
            return shown["status"] == "ACTIVE"

        self.cloud.until("ACTIVE", 120, status, every=0.02)
        active = time.monotonic() - started
        login(self.address, 22, self.key)
        whole = time.monotonic() - started
        again = time.monotonic()
        self.cloud.need("DELETE", "compute", f"/servers/{server}")
        self.cloud.until("gone", 60, lambda: self.cloud.ask("GET", "compute", f"/servers/{server}").status == 404, every=0.02)
        return accepted, active, whole, time.monotonic() - again
