"""The story of a first day, told by the stock `openstack` client: from nothing to machines that reach each other, and back.

Run in a lab: `scripts/test story`.
"""
import functools
import hashlib
import http.server
import os
import socket
import subprocess
import tempfile
import threading
import urllib.parse

import websocket

from client import Guest, openstack, refused, say, until
from keys import keys
from leftovers import Leftovers

FOLDER = tempfile.mkdtemp(prefix="story-")
KEY = os.path.join(FOLDER, "key")


def ids(rows):
    return {row["ID"] for row in rows}


def identity():
    token = openstack("token", "issue")
    assert token["id"].startswith("gAAAA"), "a Fernet token"
    services = {row["Type"] for row in openstack("catalog", "list")}
    assert {"identity", "image", "placement", "compute", "network"} <= services, services
    assert {"volumev3", "block-storage"} & services, services
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY], check=True)


def image_and_flavor():
    guest = os.environ["LAB_GUEST_IMAGE"]
    image = openstack("image", "create", "guest", "--file", guest, "--disk-format", "qcow2", "--container-format", "bare",
                      "--min-disk", "1", "--property", "hw_rng_model=virtio", "--public")
    shown = openstack("image", "show", "guest")
    assert shown["status"] == "active" and shown["size"] == os.path.getsize(guest), shown
    copy = os.path.join(FOLDER, "copy")
    openstack("image", "save", "--file", copy, image["id"], data=False)
    with open(copy, "rb") as one, open(guest, "rb") as other:
        assert one.read() == other.read(), "downloaded as uploaded"
    openstack("flavor", "create", "story", "--ram", "160", "--disk", "1", "--vcpus", "1")
    openstack("keypair", "create", "--public-key", KEY + ".pub", "story")


def image_by_url():
    """`pileus image add` fetches, and believes nothing that has another digest than was said."""
    guest = os.environ["LAB_GUEST_IMAGE"]
    with open(guest, "rb") as content:
        digest = hashlib.file_digest(content, "sha512").hexdigest()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=os.path.dirname(guest))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/{os.path.basename(guest)}"
    add = [os.environ["PILEUS"], "--state", os.environ["PILEUS_STATE"], "image", "add", "fetched", "--url", url, "--sha512"]
    wrong = subprocess.run([*add, "0" * 128], capture_output=True, text=True)
    assert wrong.returncode and "another digest" in wrong.stderr, wrong
    assert "fetched" not in {row["Name"] for row in openstack("image", "list")}
    subprocess.run([*add, digest], check=True)
    server.shutdown()
    shown = openstack("image", "show", "fetched")
    assert (shown["status"], shown["visibility"], shown["size"]) == ("active", "public", os.path.getsize(guest)), shown
    openstack("image", "delete", "fetched", data=False)


def networks():
    openstack("network", "create", "inside")
    openstack("subnet", "create", "--network", "inside", "--subnet-range", "10.10.0.0/24", "inside-v4")
    openstack("router", "create", "door")
    openstack("router", "set", "--external-gateway", "public", "door", data=False)
    openstack("router", "add", "subnet", "door", "inside-v4", data=False)
    openstack("security", "group", "create", "story")
    openstack("security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "22", "story")
    openstack("security", "group", "rule", "create", "--protocol", "icmp", "story")


def create(name, *more):
    server = openstack("server", "create", "--image", "guest", "--flavor", "story", "--key-name", "story", "--network", "inside",
                       "--security-group", "story", "--wait", name, *more)
    assert server["status"] == "ACTIVE", server
    return server


def floating(server):
    address = openstack("floating", "ip", "create", "public")["floating_ip_address"]
    openstack("server", "add", "floating", "ip", server, address, data=False)
    return Guest(address, KEY)


def servers():
    script = os.path.join(FOLDER, "user-data")
    with open(script, "w") as file:
        file.write("#!/bin/sh\necho written by user data > /tmp/user-data-ran\n")
    create("one", "--user-data", script)
    create("two", "--config-drive", "True")
    one, two = floating("one"), floating("two")
    one.wait(), two.wait()
    assert one.run("hostname") == "one" and two.run("hostname") == "two"
    until("user data to run", 20, lambda: one.run("cat /tmp/user-data-ran", check=False).returncode == 0)
    size = int(one.run("df -m / | tail -n 1 | awk '{print $2}'"))
    assert size > 800, f"the root disk has grown to the flavor's GiB: {size} MiB"
    assert "openstack" in two.run("sudo mkdir -p /mnt/config && sudo mount -o ro /dev/disk/by-label/config-2 /mnt/config && ls /mnt/config")
    return one, two


def neighbours(one, two):
    rows = openstack("server", "show", "two")
    address = rows["addresses"]["inside"][0]
    one.run(f"ping -c 2 -W 5 {address}")
    one.run("ping -c 2 -W 5 two")
    say("one reaches two by address and by name")


def reaches(address, port):
    try:
        socket.create_connection((address, port), timeout=3).close()
        return True
    except OSError:
        return False


def security_groups(one):
    one.run("sh -c 'while true; do echo hello | nc -l -p 8080; done' >/dev/null 2>&1 </dev/null &")
    until("the listener in the guest", 20, lambda: one.run("netstat -ltn | grep -q :8080", check=False).returncode == 0)
    assert not reaches(one.address, 8080), "a port that no rule opens is closed"
    rule = openstack("security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "8080", "story")
    until("the port to open", 15, lambda: reaches(one.address, 8080))
    openstack("security", "group", "rule", "delete", rule["id"], data=False)
    until("the port to close", 15, lambda: not reaches(one.address, 8080))
    say("a rule opens and closes a port of a running machine")


def volume_status(name, status, seconds=60):
    until(f"volume {name} to be {status}", seconds, lambda: openstack("volume", "show", name)["status"] == status)


def volumes(one, two):
    openstack("volume", "create", "--size", "1", "data")
    volume_status("data", "available")
    before = set(one.run("ls /dev | grep '^vd[a-z]$'").split())
    openstack("server", "add", "volume", "one", "data", data=False)
    volume_status("data", "in-use")

    def arrived(guest, known):
        return set(guest.run("ls /dev | grep '^vd[a-z]$'").split()) - known

    device = until("the disk in the guest", 30, lambda: arrived(one, before)).pop()
    one.run(f"sudo mkfs.ext4 -q /dev/{device} && sudo mkdir -p /mnt/data && sudo mount /dev/{device} /mnt/data"
            " && echo kept | sudo tee /mnt/data/file >/dev/null && sync && sudo umount /mnt/data")
    assert "in-use" in refused("volume", "delete", "data") or "must be available" in refused("volume", "delete", "data")
    openstack("server", "remove", "volume", "one", "data", data=False)
    volume_status("data", "available")
    until("the disk to leave the guest", 30, lambda: not arrived(one, before))
    before = set(two.run("ls /dev | grep '^vd[a-z]$'").split())
    openstack("server", "add", "volume", "two", "data", data=False)
    volume_status("data", "in-use")
    device = until("the disk in the other guest", 30, lambda: arrived(two, before)).pop()
    assert two.run(f"sudo mkdir -p /mnt/data && sudo mount /dev/{device} /mnt/data && cat /mnt/data/file") == "kept"
    two.run("sudo umount /mnt/data")
    openstack("server", "remove", "volume", "two", "data", data=False)
    volume_status("data", "available")
    openstack("volume", "snapshot", "create", "--volume", "data", "data-then")
    until("the snapshot", 60, lambda: openstack("volume", "snapshot", "show", "data-then")["status"] == "available")


def consoles():
    log = openstack("console", "log", "show", "one", data=False)
    assert "login:" in log, log[-500:]
    url = openstack("console", "url", "show", "--novnc", "one")["url"]
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    path = query["path"][0] if "path" in query else f"?token={query['token'][0]}"
    origin = url.split("/", 3)
    target = f"ws://{origin[2]}/{path.lstrip('/')}"
    connection = websocket.create_connection(target, subprotocols=["binary"], origin=f"{origin[0]}//{origin[2]}", timeout=10)
    greeting = connection.recv()
    connection.close()
    assert bytes(greeting[:4] if isinstance(greeting, bytes) else greeting[:4].encode()) == b"RFB ", greeting
    say("the screen greets:", greeting)


def status(name, wanted, seconds=90):
    until(f"{name} to be {wanted}", seconds, lambda: openstack("server", "show", name)["status"] == wanted)


def power(one):
    openstack("server", "stop", "one", data=False)
    status("one", "SHUTOFF")
    openstack("server", "start", "one", data=False)
    status("one", "ACTIVE")
    one.wait()
    for kind in ("--soft", "--hard"):
        born = one.run("cat /proc/sys/kernel/random/boot_id")
        openstack("server", "reboot", kind, "--wait", "one", data=False)
        one.wait()
        until("another boot", 60, lambda: one.run("cat /proc/sys/kernel/random/boot_id", check=False).stdout.strip() not in ("", born))
    events = openstack("server", "event", "list", "one")
    assert {"create", "stop", "start", "reboot"} <= {row["Action"] for row in events}, events


def snapshot(one):
    one.run("echo remembered | sudo tee /remembered >/dev/null && sync")
    openstack("server", "image", "create", "--wait", "--name", "one-then", "one")
    openstack("server", "create", "--image", "one-then", "--flavor", "story", "--key-name", "story", "--network", "inside",
              "--security-group", "story", "--wait", "three")
    three = floating("three")
    three.wait()
    assert three.run("cat /remembered") == "remembered"


def delete():
    for server in openstack("server", "list"):
        openstack("server", "delete", "--wait", server["ID"], data=False)
    for address in openstack("floating", "ip", "list"):
        openstack("floating", "ip", "delete", address["ID"], data=False)
    openstack("volume", "snapshot", "delete", "data-then", data=False)
    until("the snapshot to be gone", 30, lambda: not openstack("volume", "snapshot", "list"))
    openstack("volume", "delete", "data", data=False)
    until("the volume to be gone", 30, lambda: not openstack("volume", "list"))
    openstack("router", "remove", "subnet", "door", "inside-v4", data=False)
    openstack("router", "delete", "door", data=False)
    openstack("network", "delete", "inside", data=False)
    openstack("security", "group", "delete", "story", data=False)
    openstack("image", "delete", "one-then", "guest", data=False)
    openstack("keypair", "delete", "story", data=False)
    openstack("flavor", "delete", "story", data=False)
    assert not openstack("server", "list", "--all-projects")


def main():
    left = Leftovers()
    identity()
    image_and_flavor()
    image_by_url()
    keys()
    networks()
    one, two = servers()
    neighbours(one, two)
    security_groups(one)
    volumes(one, two)
    consoles()
    power(one)
    snapshot(one)
    delete()
    left.none()
    print("1 passed, 0 failed", flush=True)


main()
