"""Kills Pileus at random moments of a busy life, and looks each time whether the truth survived.

    scripts/test chaos [--kills N] [--seed S] [--memory] [--workers N] [--servers N] [--keep]

After each kill the program is started again; within 30 s everything must be at rest, every acknowledged write be there, and
nothing be orphaned on any side. Requests that got no answer may or may not have happened.
"""
import argparse
import os
import random
import subprocess
import sys
import threading
import time

from lab import GUEST, Lab, say
from lab.rest import Cloud, Failed, Unanswered
from lab.truth import discrepancies
from workload import Shared, Worker, adopt, compare

#: Seconds within which everything must be at rest and true.
PATIENCE = 30
MEMORY = ["host.driver=memory", "host.memory_hosts=3", "network.engine=memory", "compute.resume_guests_state_on_host_boot=true"]


class Chaos:
    def __init__(self, arguments):
        self.arguments = arguments
        self.random = random.Random(arguments.seed)
        self.lab = Lab("chaos", MEMORY if arguments.memory else [])
        self.running, self.stop = threading.Event(), threading.Event()
        self.violations, self.known, self.slowest = [], set(), 0.0

    def begin(self):
        self.lab.up()
        self.lab.enter()
        self.cloud = Cloud(self.lab.environment())
        with open(GUEST, "rb") as file:
            guest = file.read() if not self.arguments.memory else b"\0" * 65536
        self.shared = Shared(self.cloud, guest, not self.arguments.memory, self.arguments.servers or (8 if self.arguments.memory else 1))
        count = self.arguments.workers
        self.workers = [Worker(self.cloud, self.shared, self.arguments.seed, number, self.running, self.stop) for number in range(count)]
        for worker in self.workers:
            worker.start()

    def rest(self):
        self.running.clear()
        for worker in self.workers:
            if not worker.resting.wait(90):
                raise AssertionError("a worker's request is still under way after 90 s")

    def round(self, number):
        """Some seconds of work, a kill, a start, and the truth."""
        self.running.set()
        for worker in self.workers:
            worker.resting.clear()
        time.sleep(self.random.uniform(0.3, 6))
        self.lab.kill()
        self.rest()
        if self.random.random() < 0.25:
            self.kill_at_start()
        started = time.monotonic()
        self.lab.up()
        self.judge(number, started)

    def kill_at_start(self):
        """A second kill, while the program starts."""
        starting = subprocess.Popen(self.lab.command("up", "--detach"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.random.uniform(0.05, 0.8))
        try:
            self.lab.kill()
        except (OSError, ValueError):
            pass
        starting.wait(60)

    def judge(self, number, started):
        said, found = None, []
        while True:
            try:
                self.cloud.login()
                said, found = discrepancies(self.lab, self.cloud, real=not self.arguments.memory)
                found += compare(self.workers, self.shared, said)
            except (Unanswered, Failed, subprocess.SubprocessError) as error:
                found = [f"can't be asked: {error}"]
            if not [each for each in found if each not in self.known] or time.monotonic() > started + PATIENCE:
                break
            time.sleep(0.5)
        took = time.monotonic() - started
        for worker in self.workers:
            found += worker.wrong
            worker.wrong = []
        new = [each for each in found if each not in self.known]
        self.known.update(new)
        self.violations += [(number, each) for each in new]
        self.slowest = max(self.slowest, took)
        done = sum(worker.operations for worker in self.workers)
        there = f"{len(said.servers)} servers with {len(said.attachments)} disks and {len(said.ports)} ports" if said else "no answer"
        say(f"kill {number}: {done} writes so far, {there}; at rest after {took:.1f} s, {len(new)} violations")
        for each in new:
            print("   ", each, flush=True)
        if said:
            adopt(self.workers, said)

    def clear(self):
        """Deletes everything; nothing may be left."""
        self.stop.set()
        for kind, service, path in (("server", "compute", "/servers"), ("volume", "volume", "/volumes"), ("address", "network", "/floatingips"),
                                    ("port", "network", "/ports"), ("network", "network", "/networks"), ("image", "image", "/images")):
            for worker in self.workers:
                for thing in [thing for thing in worker.things if thing.kind == kind and thing.id]:
                    worker.delete(thing, service, path)
            if kind == "server":
                self.quiet(lambda: not self.cloud.get("compute", "/servers?all_tenants=1")["servers"])
        self.judge("the end", time.monotonic())

    def quiet(self, check):
        try:
            self.cloud.until("all servers to be gone", PATIENCE, check)
        except AssertionError as error:
            self.violations.append(("the end", str(error)))

    def table(self):
        done = sum(worker.operations for worker in self.workers)
        print(f"\n{'kills':>8} {'writes':>8} {'slowest rest':>14} {'violations':>12}   seed")
        print(f"{self.arguments.kills:>8} {done:>8} {self.slowest:>12.1f} s {len(self.violations):>12}   {self.arguments.seed}")
        for number, each in self.violations:
            print(f"  kill {number}: {each}")
        print(f"{self.arguments.kills - len({number for number, _ in self.violations})} passed, {len(self.violations)} failed", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--servers", type=int, help="servers of each worker at once (default 1, in memory 8): emulated guests that share few "
                        "processors boot slowly, and give no disk back before they have booted")
    parser.add_argument("--memory", action="store_true", help="with the in-memory drivers")
    parser.add_argument("--keep", action="store_true", help="keep the state directory")
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = int.from_bytes(os.urandom(3), "big")
    say(f"seed {arguments.seed}")
    chaos = Chaos(arguments)
    failed = True
    try:
        chaos.begin()
        for number in range(1, arguments.kills + 1):
            chaos.round(number)
        chaos.clear()
        chaos.table()
        failed = bool(chaos.violations)
    finally:
        chaos.stop.set()
        chaos.lab.remove(keep_state=arguments.keep or failed)
    sys.exit(failed)


main()
