"""What a cloud must not leave behind once everything is deleted: processes, taps, namespaces, OVN rows, files, allocations."""
import glob
import hashlib
import json
import os
import subprocess

from client import openstack, say, until

STATE = os.environ["PILEUS_STATE"]


def lines(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def machines():
    found = []
    for pid in lines("ip", "netns", "pids", os.environ["LAB_NAMESPACE"]):
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                line = file.read().replace("\0", " ")
        except OSError:
            continue
        if "qemu-system" in line.split(" ")[0]:
            found.append(line[:200])
    return found


def taps():
    return [link["ifname"] for link in json.loads("".join(lines("ip", "-j", "link"))) if link["ifname"].startswith("tap")]


def namespaces():
    """Namespaces of this cloud's metadata proxies: their names begin with its mark."""
    mark = "pileus-" + hashlib.sha256(os.path.realpath(STATE).encode()).hexdigest()[:4] + "-"
    return sorted(line.split()[0] for line in lines("ip", "netns", "list") if line.startswith(mark))


def rows():
    """Rows of OVN's northbound database, by table."""
    socket = next(iter(glob.glob(os.path.join(STATE, "**/ovnnb_db.sock"), recursive=True)
                       + glob.glob(os.path.join(STATE, "**/*nb*.sock"), recursive=True)), None)
    if socket is None:
        return {}
    tables = ("Logical_Switch", "Logical_Switch_Port", "Logical_Router", "Logical_Router_Port", "NAT", "DHCP_Options",
              "ACL", "Port_Group", "DNS", "Logical_Router_Static_Route", "Address_Set")
    def count(table):
        listed = lines("ovn-nbctl", "--no-leader-only", f"--db=unix:{socket}", "--bare", "--columns=_uuid", "list", table)
        return sum(1 for line in listed if line)

    return {table: count(table) for table in tables}


def files():
    """Files of machines, volumes and images."""
    found = []
    for place in ("host/machines", "volumes", "images", "tmp"):
        for folder, _, names in os.walk(os.path.join(STATE, place)):
            found += [os.path.join(folder, name) for name in names]
    return sorted(found)


def allocations():
    """What is allocated of every provider."""
    used = {}
    for provider in openstack("--os-placement-api-version", "1.10", "resource", "provider", "list") if placement_client() else []:
        for row in openstack("resource", "provider", "usage", "show", provider["uuid"]):
            used[row["resource_class"]] = used.get(row["resource_class"], 0) + int(row["usage"])
    return {name: amount for name, amount in used.items() if amount}


def placement_client():
    try:
        import osc_placement  # noqa: F401
        return True
    except ImportError:
        return False


class Leftovers:
    """How things were; later, whether they are so again."""

    def __init__(self):
        # A project's default security group is made at the first look, and stays.
        openstack("security", "group", "list")
        self.namespaces, self.rows, self.files = namespaces(), rows(), set(files())

    def difference(self):
        found = {"machines": machines(), "taps": taps(), "allocations": allocations(),
                 "namespaces": sorted(set(namespaces()) - set(self.namespaces)),
                 "files": sorted(set(files()) - self.files - set(glob.glob(os.path.join(STATE, "host/images/*"))))}
        now = rows()
        found["rows"] = {table: now[table] - count for table, count in self.rows.items() if now[table] > count}
        return {kind: what for kind, what in found.items() if what}

    def none(self):
        last = {}

        def clean():
            nonlocal last
            last = self.difference()
            return not last

        try:
            until("nothing is left", 30, clean)
        except AssertionError:
            raise AssertionError(f"left behind: {json.dumps(last, indent=2)}") from None
        say("nothing is left behind")
