"""Runs Tempest against the cloud of a lab, and holds it to what passed before.

    scripts/test conformance                 the tests that the ratchet lists, and no others
    scripts/test conformance --all           everything selected; what passes now is added to the ratchet with --update
    scripts/test conformance REGEX           what matches

Two ratchets list the tests that pass, and one of them that fails or is skipped fails the run: `passing.txt` for the whole API on
the in-memory drivers (`--no-machines`), `passing-machines.txt` for the smoke tests and the scenarios, which log in by SSH, on the
real engines.
"""
import argparse
import collections
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import openstack

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.dirname(sys.executable)
#: What `--all` runs on the in-memory drivers: the areas of the six services, but for screens, which those drivers have not.
SELECTED = r"^tempest\.api\.(identity|image|compute|network|volume)\.(?!.*test_novnc)"
#: What `--all` runs on real engines: the smoke tests of the same, and the scenarios that log in by SSH.
SELECTED_MACHINES = (r"^tempest\.api\.(identity|image|compute|network|volume)\..*(smoke|test_novnc)"
                     r"|^tempest\.scenario\.test_(minimum_basic|network_basic_ops|server_basic_ops)\.")

CONFIG = """\
[DEFAULT]
log_file = tempest.log
debug = false
use_stderr = false
[oslo_concurrency]
lock_path = {folder}/lock
[auth]
use_dynamic_credentials = true
admin_username = admin
admin_password = {password}
admin_project_name = admin
admin_domain_name = Default
[identity]
uri_v3 = {auth_url}
auth_version = v3
region = {region}
user_lockout_failure_attempts = 3
user_lockout_duration = 2
user_unique_last_password_count = 2
[identity-feature-enabled]
application_credentials = true
access_rules = true
trust = true
security_compliance = {compliance}
[compute]
image_ref = {image}
image_ref_alt = {image_alt}
flavor_ref = {flavor}
flavor_ref_alt = {flavor_alt}
max_microversion = latest
build_timeout = 180
build_interval = 1
volume_device_name = vdb
[compute-feature-enabled]
vnc_console = true
config_drive = true
console_output = true
snapshot = true
interface_attach = true
metadata_service = true
resize = true
pause = true
suspend = false
shelve = false
rescue = false
live_migration = false
cold_migration = false
swap_volume = false
attach_encrypted_volume = false
[placement]
max_microversion = latest
[volume]
max_microversion = latest
build_timeout = 120
volume_size = 1
storage_protocol = file
vendor_name = Pileus
[volume-feature-enabled]
backup = false
snapshot = true
clone = true
manage_volume = false
manage_snapshot = false
extend_attached_volume = false
[image]
disk_formats = qcow2,raw,ami,ari,aki,vhd,vmdk,vdi,iso,vhdx
container_formats = bare,ami,ari,aki,ovf,ova,docker
[image-feature-enabled]
import_image = true
os_glance_reserved = true
image_format_enforcement = {enforcement}
[network]
public_network_id = {public}
floating_network_name = public
project_networks_reachable = false
[network-feature-enabled]
ipv6 = true
api_extensions = {extensions}
port_security = true
floating_ips = true
[validation]
run_validation = {validation}
connect_method = floating
auth_method = keypair
image_ssh_user = cirros
image_alt_ssh_user = cirros
ssh_key_type = ecdsa
ssh_timeout = 180
network_for_ssh = private
[scenario]
img_file = {guest}
img_disk_format = qcow2
dhcp_client = udhcpc
[service_available]
nova = true
glance = true
neutron = true
cinder = true
swift = false
horizon = false
"""


def prepare(cloud, folder, validation):
    """The images, flavors and the configuration that Tempest asks for."""
    guest = os.environ["LAB_GUEST_IMAGE"]
    images = [cloud.create_image(name, filename=guest, disk_format="qcow2", container_format="bare", wait=True,
                                 visibility="public", validate_checksum=False) for name in ("tempest", "tempest-alt")]
    flavors = [cloud.create_flavor(name, ram=ram, vcpus=1, disk=1) for name, ram in (("tempest", 160), ("tempest-alt", 192))]
    public = cloud.network.find_network("public")
    extensions = ",".join(sorted(extension.alias for extension in cloud.network.extensions()))
    os.makedirs(os.path.join(folder, "lock"), exist_ok=True)
    with open(os.path.join(folder, "tempest.conf"), "w") as file:
        file.write(CONFIG.format(
            folder=folder, password=os.environ["OS_PASSWORD"], auth_url=os.environ["OS_AUTH_URL"],
            region=os.environ["OS_REGION_NAME"], image=images[0].id, image_alt=images[1].id, flavor=flavors[0].id,
            flavor_alt=flavors[1].id, public=public.id, extensions=extensions, guest=guest,
            validation="true" if validation else "false", enforcement="true" if validation else "false",
            # The in-memory cloud of scripts/test is set so.
            compliance="false" if validation else "true"))


def run(folder, names, concurrency):
    """Runs Tempest's tests; the outcome of each: 'pass', 'fail' or 'skip', and the reason."""
    with open(os.path.join(folder, "names"), "w") as file:
        file.write("\n".join(names) + "\n")
    environment = {**{key: value for key, value in os.environ.items() if not key.startswith("OS_")}, "TEMPEST_CONFIG_DIR": folder}
    subprocess.run([f"{BIN}/tempest", "run", "--config-file", f"{folder}/tempest.conf", "--load-list", f"{folder}/names",
                    "--concurrency", str(concurrency)], cwd=folder, env=environment,
                   stdout=open(os.path.join(folder, "output"), "w"), stderr=subprocess.STDOUT)
    stream = subprocess.run([f"{BIN}/stestr", "last", "--subunit"], cwd=folder, capture_output=True).stdout
    return outcomes(stream)


def outcomes(stream):
    import io

    import subunit
    import testtools

    found = {}

    class Collect(testtools.StreamResult):
        details = collections.defaultdict(bytes)

        def status(self, test_id=None, test_status=None, file_name=None, file_bytes=None, **_):
            if test_id is None:
                return
            if file_bytes and file_name in ("traceback", "reason"):
                self.details[test_id] += bytes(file_bytes)
            word = {"success": "pass", "fail": "fail", "skip": "skip"}.get(test_status)
            if word:
                name = re.sub(r"\[.*\]$", "", test_id)
                if name.startswith("setUpClass"):
                    name = name[len("setUpClass ("):-1] + ".setUpClass"
                found[name] = (word, self.details[test_id].decode(errors="replace"))

    case = subunit.ByteStreamToStreamResult(io.BytesIO(stream))
    result = Collect()
    result.startTestRun()
    case.run(result)
    result.stopTestRun()
    return found


def again(folder, known, ratchet, found):
    """A test of the ratchet that did not pass is tried once more, alone, and that is said."""
    suspects = {name for name in ratchet if found.get(name, ("missing", ""))[0] != "pass"}
    if not suspects:
        return
    second = run(folder, [name for name in known if re.sub(r"\[.*\]$", "", name) in suspects], 1)
    for name in sorted(suspects):
        word = second.get(name, ("missing", ""))[0]
        print(f"AGAIN {name}: {found.get(name, ('missing',))[0]}, then {word}")
        found[name] = second.get(name, ("fail", "it did not run"))
    for name in [name for name in found if name.endswith(".setUpClass")]:
        del found[name]


def area(name):
    parts = name.split(".")
    return ".".join(parts[1:3]) if parts[1] == "api" else parts[1]


def listed(folder):
    """All tests that Tempest knows, by name."""
    package = os.path.dirname(importlib.util.find_spec("tempest").origin)
    with open(os.path.join(folder, ".stestr.conf"), "w") as file:
        file.write(f"[DEFAULT]\ntest_path={package}/test_discover\ntop_dir={os.path.dirname(package)}\ngroup_regex=([^\\.]*\\.)*\n")
    subprocess.run([f"{BIN}/stestr", "init"], cwd=folder, check=True)
    environment = {**{key: value for key, value in os.environ.items() if not key.startswith("OS_")}, "TEMPEST_CONFIG_DIR": folder}
    out = subprocess.run([f"{BIN}/tempest", "run", "--config-file", f"{folder}/tempest.conf", "--list-tests"],
                         cwd=folder, env=environment, capture_output=True, text=True)
    return [line.strip() for line in out.stdout.splitlines() if line.startswith("tempest.")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--update", action="store_true", help="add what passes now to the ratchet")
    parser.add_argument("--no-machines", action="store_true", help="without logins into machines (for the in-memory drivers)")
    parser.add_argument("--concurrency", type=int, default=2)
    parser.add_argument("--report", help="write failures and their reasons here, as JSON")
    parser.add_argument("match", nargs="?")
    arguments = parser.parse_args()

    folder = tempfile.mkdtemp(prefix="tempest-")
    prepare(openstack.connect(), folder, not arguments.no_machines)
    ratchet_file = os.path.join(HERE, "passing.txt" if arguments.no_machines else "passing-machines.txt")
    with open(ratchet_file) as file:
        ratchet = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    known = listed(folder)
    if arguments.all or arguments.match:
        pattern = re.compile(arguments.match or (SELECTED if arguments.no_machines else SELECTED_MACHINES))
        names = [name for name in known if pattern.search(name)]
    else:
        names = [name for name in known if re.sub(r"\[.*\]$", "", name) in set(ratchet)]
    started = time.monotonic()
    found = run(folder, names, arguments.concurrency)
    if not (arguments.all or arguments.match):
        again(folder, known, ratchet, found)

    plain = {re.sub(r"\[.*\]$", "", name) for name in names}
    counts = collections.defaultdict(collections.Counter)
    for name, (word, _) in found.items():
        counts[area(name)][word] += 1
    for where in sorted(counts):
        print(f"{where:24} {counts[where]['pass']:5} passed {counts[where]['fail']:5} failed {counts[where]['skip']:5} skipped")
    for name, (word, why) in sorted(found.items()):
        if word == "fail":
            print(f"FAILED {name}: {(why.strip().splitlines() or [''])[-1][:200]}")
    if arguments.report:
        with open(arguments.report, "w") as file:
            json.dump({name: why for name, (word, why) in found.items() if word == "fail"}, file, indent=1)
    broken = sorted(name for name in ratchet if name in plain and found.get(name, ("missing", ""))[0] != "pass")
    for name in broken:
        print(f"RATCHET {name}: passed before, now {found.get(name, ('missing',))[0]}")
    if arguments.update:
        passing = sorted(set(ratchet) | {name for name, (word, _) in found.items() if word == "pass" and not name.endswith(".setUpClass")})
        with open(ratchet_file, "w") as file:
            file.write("# Tests of Tempest that pass: one that stops passing fails the run. Grown by `scripts/test conformance --all --update`.\n")
            file.write("\n".join(passing) + "\n")
        print(f"the ratchet holds {len(passing)} tests (was {len(ratchet)})")
    total = collections.Counter(word for word, _ in found.values())
    print(f"{time.monotonic() - started:.0f} s; Tempest's own output is in {folder}/output")
    print(f"{total['pass']} passed, {total['fail']} failed, {total['skip']} skipped", flush=True)
    sys.exit(1 if broken or (total["fail"] and not arguments.all) or not total["pass"] else 0)


main()
