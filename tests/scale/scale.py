"""A thousand servers through the in-memory drivers: how quickly they are made, listed and gone, and that nothing is left.

    scripts/test scale [--servers N] [--hosts N] [--threads N] [--json FILE]

Everything but QEMU and OVN is real: API, policy, quotas, scheduling, allocations, ports, addresses, agents.
"""
import argparse
import json
import os
import statistics
import sys
import threading
import time

from lab import Lab, say
from lab.rest import Cloud, Failed


def settings(hosts):
    return ["host.driver=memory", f"host.memory_hosts={hosts}", "network.engine=memory"]


class Scale:
    def __init__(self, lab, servers, threads):
        self.lab, self.servers, self.threads = lab, servers, threads
        self.cloud = Cloud(lab.environment())
        self.figures = {"servers": servers, "threads": threads}

    def prepare(self):
        self.cloud.unlimited()
        self.image = self.cloud.image("scale", b"\0" * 65536, disk_format="raw")
        flavor = {"name": "scale", "ram": 64, "vcpus": 1, "disk": 1}
        self.flavor = self.cloud.need("POST", "compute", "/flavors", {"flavor": flavor})["flavor"]["id"]
        self.network, _, _ = self.cloud.network("scale", "10.64.0.0/14")

    def create(self, name, count=1):
        server = {"name": name, "imageRef": self.image, "flavorRef": self.flavor, "networks": [{"uuid": self.network}]}
        if count > 1:
            server.update(min_count=count, max_count=count)
        self.cloud.need("POST", "compute", "/servers", {"server": server})

    def spread(self, jobs):
        """Carries out jobs on several threads; the first failure is raised."""
        jobs, failures, lock = iter(jobs), [], threading.Lock()

        def work():
            while not failures:
                with lock:
                    job = next(jobs, None)
                if job is None:
                    return
                try:
                    job()
                except Exception as error:  # noqa: BLE001
                    failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(self.threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def counts(self):
        """How many servers there are in each status."""
        found, marker = {}, ""
        while True:
            page = self.cloud.get("compute", f"/servers/detail?limit=1000{marker}")["servers"]
            for server in page:
                found[server["status"]] = found.get(server["status"], 0) + 1
            if len(page) < 1000:
                return found
            marker = f"&marker={page[-1]['id']}"

    def active(self, wanted, seconds):
        counts = {}

        def all_active():
            nonlocal counts
            counts = self.counts()
            if counts.get("ERROR"):
                raise AssertionError(f"servers in ERROR: {counts}")
            return counts == {"ACTIVE": wanted}

        try:
            self.cloud.until(f"{wanted} servers ACTIVE", seconds, all_active, every=0.05)
        except AssertionError as error:
            raise AssertionError(f"{error}; there are {counts}") from None

    def grow(self):
        """First a hundred one by one, then the rest: half in bursts, half one by one."""
        first = min(100, self.servers)
        started = time.monotonic()
        self.spread([lambda n=n: self.create(f"first-{n}") for n in range(first)])
        self.active(first, 120)
        self.figures["first_100_s"] = round(time.monotonic() - started, 2)
        self.listing(first)
        rest = self.servers - first
        burst = 50
        jobs = [lambda n=n: self.create(f"burst-{n}", burst) for n in range(rest // 2 // burst)]
        jobs += [lambda n=n: self.create(f"single-{n}") for n in range(rest - rest // 2 // burst * burst)]
        again = time.monotonic()
        self.spread(jobs)
        self.figures["accepted_s"] = round(time.monotonic() - again, 2)
        self.active(self.servers, 600)
        self.figures["rest_active_s"] = round(time.monotonic() - again, 2)
        self.figures["servers_per_s"] = round(rest / max(time.monotonic() - again, 0.01), 1)
        self.listing(self.servers)

    def listing(self, present):
        """servers/detail: a page of all, and one of 50."""
        for name, query in (("detail", "limit=1000"), ("page_of_50", "limit=50")):
            took = []
            for _ in range(20):
                started = time.monotonic()
                page = self.cloud.get("compute", f"/servers/detail?{query}")["servers"]
                took.append((time.monotonic() - started) * 1000)
                if len(page) != min(present, int(query.split("=")[1])):
                    raise AssertionError(f"servers/detail?{query} with {present} servers answered {len(page)}")
            self.figures[f"{name}_ms_at_{present}"] = round(statistics.median(took), 1)

    def spread_evenly(self):
        used = {}
        for provider in self.cloud.get("placement", "/resource_providers")["resource_providers"]:
            usages = self.cloud.get("placement", f"/resource_providers/{provider['uuid']}/usages")["usages"]
            used[provider["name"]] = usages.get("VCPU", 0)
        if sum(used.values()) != self.servers:
            raise AssertionError(f"{self.servers} servers, and processors in use are {used}")
        self.figures["servers_on_hosts"] = sorted(used.values())

    def shrink(self):
        ids = [server["id"] for server in self.cloud.pages("compute", "/servers?limit=1000", "servers")]
        started = time.monotonic()
        self.spread([lambda name=name: self.cloud.need("DELETE", "compute", f"/servers/{name}") for name in ids])
        self.cloud.until("all servers to be gone", 600, lambda: not self.counts(), every=0.05)
        self.figures["deleted_s"] = round(time.monotonic() - started, 2)

    def nothing_left(self):
        def left():
            found = {}
            for provider in self.cloud.get("placement", "/resource_providers")["resource_providers"]:
                if self.cloud.get("placement", f"/resource_providers/{provider['uuid']}/allocations")["allocations"]:
                    found[f"allocations of {provider['name']}"] = True
            ports = [port["id"] for port in self.cloud.get("network", "/ports")["ports"] if port["device_owner"].startswith("compute:")]
            if ports:
                found["ports"] = len(ports)
            for number in os.listdir(f"{self.lab.state}/host"):
                folder = f"{self.lab.state}/host/{number}/machines"
                if os.path.isdir(folder) and os.listdir(folder):
                    found[folder] = len(os.listdir(folder))
            return found

        try:
            self.cloud.until("nothing to be left", 30, lambda: not left())
        except AssertionError:
            raise AssertionError(f"left behind: {left()}") from None

    def memory(self):
        with open(f"/proc/{self.lab.pid()}/smaps_rollup") as file:
            return next(int(line.split()[1]) // 1024 for line in file if line.startswith("Pss:"))

    def run(self):
        self.prepare()
        self.figures["memory_mib_before"] = self.memory()
        self.grow()
        self.figures["memory_mib_with_all"] = self.memory()
        self.spread_evenly()
        self.shrink()
        self.nothing_left()
        self.cloud.need("DELETE", "network", f"/networks/{self.network}")
        return self.figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", type=int, default=1000)
    parser.add_argument("--hosts", type=int, default=10)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--json", help="write the figures here")
    arguments = parser.parse_args()
    lab, failed = Lab("scale", settings(arguments.hosts)), True
    try:
        lab.up()
        lab.enter()
        figures = Scale(lab, arguments.servers, arguments.threads).run()
        for name, figure in figures.items():
            print(f"{name:24} {figure}")
        if arguments.json:
            with open(arguments.json, "w") as file:
                json.dump(figures, file)
        print("1 passed, 0 failed", flush=True)
        failed = False
    except (AssertionError, Failed) as error:
        say("FAILED", error)
    finally:
        lab.remove(keep_state=failed)
    sys.exit(failed)


if __name__ == "__main__":
    main()
