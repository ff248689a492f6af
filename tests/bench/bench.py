"""Measures Pileus on this machine, and writes docs/benchmarks.md.

    scripts/test bench [--binary FILE] [--output FILE] [--runs N] [--quick] [--skip boot,...]
"""
import argparse
import datetime
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import lab
from lab import Lab, ROOT, say
from lab.rest import PLACES, Cloud
from load import Request, load
import boot

MEMORY = ["host.driver=memory", "host.memory_hosts=4", "network.engine=memory"]
#: A document of each API that needs no token.
DOCUMENTS = ["/identity/v3", "/compute/v2.1/", "/networking/v2.0/", "/volume/v3/", "/image/versions", "/placement/"]


def first_answers(started):
    """Seconds until the first API answers, and until all do; polls every two milliseconds. Runs in the lab's namespace."""
    first, left = None, list(DOCUMENTS)
    while left:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", 8780, timeout=2)
            connection.request("GET", left[0])
            if connection.getresponse().status < 500:
                left.pop(0)
                first = first or time.monotonic() - started
            connection.close()
        except OSError:
            time.sleep(0.002)
        if time.monotonic() - started > 60:
            raise AssertionError("the APIs do not answer")
    return first, time.monotonic() - started


def start(cloud_lab):
    """Starts the program and measures; the process."""
    log = open(f"{cloud_lab.state}/bench.log", "ab")
    began = time.monotonic()
    process = subprocess.Popen(cloud_lab.command("up"), stdout=log, stderr=log, start_new_session=True)
    try:
        first, every = first_answers(began)
    except BaseException:
        process.kill()
        raise
    return process, first, every


def end(process):
    process.terminate()
    process.wait(30)


def starts(runs):
    """First starts on empty directories, and later ones; with the real engines."""
    fresh, later = [], []
    for _ in range(min(runs, 3)):
        first, *more = in_lab([], lambda one, _: [start_and_end(one) for _ in range(1 + runs)], up=False)
        fresh.append(first)
        later += more
    column = lambda rows, at: seconds(statistics.median(row[at] for row in rows))  # noqa: E731
    return [("first start (empty directory): an API answers", column(fresh, 0)), ("first start: every API answers", column(fresh, 1)),
            ("first start: ready for machines (OVN, Open vSwitch and libvirt started)", column(fresh, 2)),
            ("later start: an API answers", column(later, 0)), ("later start: every API answers", column(later, 1)),
            ("later start: ready for machines (the daemons still ran)", column(later, 2))]


def start_and_end(one):
    """One start: seconds until an API answers, until all do, and until the host is ready."""
    began = time.monotonic()
    process, first, every = start(one)
    one.pileus("up", "--detach", "--wait", stdout=subprocess.DEVNULL)
    ready = time.monotonic() - began
    end(process)
    return first, every, ready


def seconds(value):
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("Pss:"))


def idle(cloud_lab):
    """Memory of each program once nothing has happened for a while."""
    time.sleep(15)
    found = {}
    for pid, line in cloud_lab.processes():
        name = os.path.basename(line.split(" ")[0])
        found[name] = found.get(name, 0) + pss(pid)
    pileus = found.pop("pileus", 0)
    rows = [("pileus (every service, controller and host)", f"{pileus:.0f} MiB")]
    rows += [(name, f"{size:.0f} MiB") for name, size in sorted(found.items(), key=lambda row: -row[1]) if size >= 1]
    return rows + [("together", f"{pileus + sum(found.values()):.0f} MiB")]


def boots(cloud, runs):
    folder = tempfile.mkdtemp(prefix="bench-")
    servers = boot.Servers(cloud, folder)
    cold = servers.boot()  # the image goes to the host's cache
    columns = list(zip(*[servers.boot() for _ in range(runs)]))
    hand = [boot.by_hand(folder, number) for number in range(runs)]
    accepted, active, whole, gone = (statistics.median(column) for column in columns)
    alone = statistics.median(hand)
    return [("`server create` answered", seconds(accepted)), ("ACTIVE", seconds(active)), ("SSH login by a floating IP", seconds(whole)),
            ("SSH login, first server of an image", seconds(cold[2])), ("the same image on QEMU started by hand: SSH login", seconds(alone)),
            ("what the cloud adds", seconds(max(whole - alone, 0))), ("`server delete` until it is gone", seconds(gone))]


def apis(cloud, pid, quick):
    """Latency with one connection, rate with eight, and processor time of the server."""
    scale = 5 if quick else 1
    cloud.unlimited()
    password = {"auth": {"identity": {"methods": ["password"], "password": {
        "user": {"name": cloud.user, "domain": {"id": "default"}, "password": cloud.password}}}, "scope": {"project": {"id": cloud.project}}}}
    by_token = {"auth": {"identity": {"methods": ["token"], "token": {"id": cloud.token}}, "scope": {"project": {"id": cloud.project}}}}
    subject = {"X-Subject-Token": cloud.token}
    image = cloud.image("bench", b"\0" * 65536, disk_format="raw")
    flavor = cloud.need("POST", "compute", "/flavors", {"flavor": {"name": "bench", "ram": 64, "vcpus": 1, "disk": 1}})["flavor"]["id"]
    network, _, _ = cloud.network("bench", "10.32.0.0/11")
    for _ in range(100):
        cloud.need("POST", "image", "/images", {"name": "bench", "disk_format": "raw", "container_format": "bare"})
    at = PLACES
    create_port = Request(cloud, "POST", f"{at['network']}/ports", {"port": {"network_id": network}})
    server = {"name": "bench", "imageRef": image, "flavorRef": flavor, "networks": [{"uuid": network}]}
    create_server = Request(cloud, "POST", f"{at['compute']}/servers", {"server": server})
    get = lambda service, path, **headers: Request(cloud, "GET", at[service] + path, headers=headers)  # noqa: E731
    plan = [
        ("token by password (the hash is verified once, then remembered)", Request(cloud, "POST", f"{at['identity']}/auth/tokens", password, token=False), 2000),
        ("token by token", Request(cloud, "POST", f"{at['identity']}/auth/tokens", by_token, token=False), 2000),
        ("token validated", Request(cloud, "GET", f"{at['identity']}/auth/tokens", headers=subject), 5000),
        ("projects listed", get("identity", "/projects"), 3000),
        ("network created", Request(cloud, "POST", f"{at['network']}/networks", {"network": {"name": "bench"}}), 400),
        ("port created", create_port, 200),
        ("200 ports listed", get("network", f"/ports?network_id={network}&limit=200"), 300),
        ("100 images listed", get("image", "/images?limit=100"), 500),
        ("server created (in-memory driver)", create_server, 100),
        ("100 servers listed with details", get("compute", "/servers/detail?limit=100"), 300),
        ("volume created", Request(cloud, "POST", f"{at['volume']}/volumes", {"volume": {"size": 1}}), 200),
    ]
    rows = []
    for what, request, count in plan:
        count = max(count // scale, 20)
        if "created" in what:
            one, many = load(cloud, pid, [request], count), None
        else:
            one, many = load(cloud, pid, [request], count), load(cloud, pid, [request], count * 2, 8)
        rows.append((what, f"{one['p50_ms']:.2f} ms", f"{(many or one)['rate']}/s" + ("" if many else " (1 connection)"), f"{(many or one)['cpu_ms']:.2f} ms"))
        say(*rows[-1])
        if "server created" in what:
            cloud.until("ACTIVE", 60, lambda: all(row["status"] == "ACTIVE" for row in cloud.get("compute", "/servers/detail")["servers"]))
    return rows


def transfer(cloud, size):
    """An image up and down."""
    content = os.urandom(1 << 20) * size
    image = cloud.need("POST", "image", "/images", {"name": "big", "disk_format": "raw", "container_format": "bare"})["id"]
    began = time.monotonic()
    cloud.need("PUT", "image", f"/images/{image}/file", raw=content)
    up = size / (time.monotonic() - began)
    began = time.monotonic()
    data = cloud.need("GET", "image", f"/images/{image}/file")
    down = size / (time.monotonic() - began)
    if data != content:
        raise AssertionError("the image came back changed")
    return [(f"image of {size} MiB uploaded (with MD5 and SHA-512)", f"{up:.0f} MiB/s"), (f"image of {size} MiB downloaded", f"{down:.0f} MiB/s")]


def scale(quick):
    with tempfile.NamedTemporaryFile() as file:
        servers = "200" if quick else "1000"
        done = subprocess.run([sys.executable, f"{ROOT}/tests/scale/scale.py", "--json", file.name, "--servers", servers], timeout=1200)
        if done.returncode:
            raise AssertionError("the scale test failed")
        found = json.load(open(file.name))
    return [(name.replace("_", " "), str(figure)) for name, figure in found.items()]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def processor():
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return f"{os.cpu_count()} cores, {model.group(1) if model else 'unknown'}"


def in_lab(settings, work, up=True):
    """Runs `work(lab, cloud)` in a child process within a fresh lab, as a process can enter only one namespace; its rows."""
    one = Lab("bench", settings)
    read, write = os.pipe()
    try:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(read)
                if up:
                    one.up()
                one.enter()
                rows = work(one, Cloud(one.environment()) if up else None)
                with os.fdopen(write, "w") as out:
                    json.dump(rows, out)
                status = 0
            except BaseException as error:  # noqa: BLE001
                say("FAILED", repr(error))
            os._exit(status)
        os.close(write)
        with os.fdopen(read) as source:
            text = source.read()
        if os.waitpid(child, 0)[1] or not text:
            raise AssertionError("a part of the benchmark failed")
        return json.loads(text)
    finally:
        one.remove()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", help="the program (default: target/release/pileus if it is there)")
    parser.add_argument("--output", help="the page to write (default: docs/benchmarks.md; with --quick: none)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that the benchmark itself works")
    parser.add_argument("--skip", default="")
    arguments = parser.parse_args()
    release = f"{ROOT}/target/release/pileus"
    binary = arguments.binary or (release if os.path.exists(release) else lab.BINARY)
    os.environ["PILEUS_BINARY"] = lab.BINARY = os.path.abspath(binary)
    runs, quick = (2 if arguments.quick else arguments.runs), arguments.quick
    kind = "release" if "/release/" in lab.BINARY else "debug"
    say(f"{lab.BINARY} ({kind} build)")
    parts = [
        ("start", "Start", ("with OVN, Open vSwitch, libvirt", "p50"), lambda: starts(runs)),
        ("idle", "Memory when idle (PSS)", ("program", "size"), lambda: in_lab([], lambda one, cloud: idle(one))),
        ("boot", "A server, from the request to the login (emulated: no KVM)", ("step", "p50"), lambda: in_lab([], lambda one, cloud: boots(cloud, runs))),
        ("apis", "APIs (in-memory drivers)", ("request", "p50 with 1 connection", "with 8 connections", "processor time of the server"),
         lambda: in_lab(MEMORY, lambda one, cloud: apis(cloud, one.pid(), quick))),
        ("transfer", "Images", ("transfer", "rate"), lambda: in_lab(MEMORY, lambda one, cloud: transfer(cloud, 64 if quick else 512))),
        ("scale", "A thousand servers (in-memory drivers, 8 clients' threads)", ("figure", "value"), lambda: scale(quick)),
    ]
    page = ["# Benchmarks\n", f"{datetime.date.today()}, {processor()}, {kind} build, by `scripts/test bench`. Client and server share the processors.\n"]
    for name, title, head, measure in parts:
        if name in arguments.skip.split(","):
            continue
        say(title)
        rows = measure()
        for row in rows:
            print("   ", *row, flush=True)
        page += [f"\n## {title}\n", table(head, rows)]
    output = arguments.output or (None if quick else f"{ROOT}/docs/benchmarks.md")
    if output:
        with open(output, "w") as file:
            file.write("\n".join(page))
        say("written:", output)
    print("1 passed, 0 failed", flush=True)


main()
