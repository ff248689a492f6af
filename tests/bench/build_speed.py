"""What a change costs: CPU seconds of `cargo check` after a change in each crate, and the programs that the tests link.

    scripts/test build-speed [CRATE...]

CPU and not the clock is counted, so that other work on the machine does not matter.
"""
import json
import os
import resource
import subprocess
import sys

from lab import ROOT

CRATES = ["contracts", "platform", "keystone", "glance", "placement", "nova", "neutron", "cinder", "agent", "pileus"]
#: CPU seconds that a change in a service may cost before its author sees errors.
MOST = 5.0


def cpu(*command):
    """CPU seconds of a command and what it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def packages():
    told = subprocess.run(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT, check=True, capture_output=True).stdout
    return {package["name"]: package for package in json.loads(told)["packages"]}


def main():
    known = packages()
    chosen = sys.argv[1:] or [*CRATES, *sorted(name for name in known if "/services/" in known[name]["manifest_path"] and name not in CRATES)]
    slow = []
    print("| a change in | `cargo check -p` of it |\n|---|---|")
    for crate in chosen:
        face = next(target["src_path"] for target in known[crate]["targets"] if {"lib", "bin"} & set(target["kind"]))
        subprocess.run(["cargo", "check", "-q", "-p", crate], cwd=ROOT, check=True)
        os.utime(face)
        seconds = cpu("cargo", "check", "-p", crate)
        print(f"| {crate} | {seconds:.1f} s |", flush=True)
        if "/services/" in known[crate]["manifest_path"] and seconds > MOST:
            slow.append(crate)
    listed = subprocess.run(["cargo", "nextest", "list", "--workspace", "--message-format", "json"], cwd=ROOT, check=True, capture_output=True)
    suites = json.loads(listed.stdout)["rust-suites"]
    print(f"\n{sum(1 for suite in suites.values() if suite['testcases'])} test binaries for {sum(len(suite['testcases']) for suite in suites.values())} tests")
    sys.exit(f"more than {MOST} s: {', '.join(slow)}" if slow else 0)


main()
