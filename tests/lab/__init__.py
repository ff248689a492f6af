"""A lab: a network namespace of its own with a fresh cloud in it, and nothing left when it ends.

    python3 -m lab --name NAME [--keep] [--set SECTION.OPTION=VALUE ...] -- COMMAND...

runs COMMAND in the namespace with OS_* set for the administrator, PILEUS and PILEUS_STATE, and LAB_GUEST_IMAGE.
Packets never leave the namespace: it has no way out.
"""
import ctypes
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("PILEUS_BINARY", os.path.join(ROOT, "target/debug/pileus"))
GUEST = os.environ.get("PILEUS_GUEST_IMAGE", os.path.join(ROOT, "guest/build/pileus-guest.qcow2"))


def say(*words):
    print(time.strftime("%H:%M:%S"), *words, flush=True)


class Lab:
    """A namespace and the state directory of a cloud in it."""

    def __init__(self, name, settings=()):
        self.namespace = f"pileus-{name}-{os.getpid()}"
        self.state = tempfile.mkdtemp(prefix=f"pl-{name}-", dir=os.environ.get("LAB_DIR", "/tmp"))
        self.settings = list(settings)
        #: The name of the one hypervisor host here, where the cloud has several.
        self.host = None
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        self.inside(["ip", "link", "set", "lo", "up"], check=True)

    def inside(self, command, **options):
        """Runs a command in the namespace. (`ip netns exec` would give it mounts of its own too, and with them namespaces
        whose names nobody else knows.)"""
        return subprocess.run(["nsenter", f"--net=/run/netns/{self.namespace}", *command], **options)

    def enter(self):
        """Takes the calling thread, and the threads and processes that it starts from now on, into the namespace."""
        with open(f"/run/netns/{self.namespace}") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0x40000000):  # CLONE_NEWNET
                raise OSError(ctypes.get_errno(), "setns")

    def command(self, *arguments):
        """The command line that runs pileus on this lab's state."""
        flags = [word for setting in self.settings for word in ("--set", setting)]
        return [BINARY, "--state", self.state, *flags, *arguments]

    def pileus(self, *arguments, **options):
        """Runs pileus on this lab's state."""
        options.setdefault("check", True)
        return self.inside(self.command(*arguments), **options)

    def up(self):
        started = time.monotonic()
        self.pileus("up", "--detach", "--wait", stdout=subprocess.DEVNULL)
        say(f"cloud up in {time.monotonic() - started:.2f} s ({self.state})")

    def down(self, everything=True):
        self.pileus("down", *(["--all"] if everything else []), stdout=subprocess.DEVNULL)

    def pid(self):
        with open(os.path.join(self.state, "pileus.pid")) as file:
            return int(file.read())

    def kill(self):
        """Kills the process as a power failure would: at once, in the middle of whatever it does."""
        pid = self.pid()
        with open(f"/proc/{pid}/cmdline") as file:
            if self.state not in file.read():
                raise ProcessLookupError(f"process {pid} is not this lab's")
        os.kill(pid, signal.SIGKILL)
        while os.path.exists(f"/proc/{pid}"):
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rsplit(") ", 1)[1].startswith("Z"):
                    break
            time.sleep(0.005)

    def secret(self, name):
        with open(os.path.join(self.state, "secrets", name)) as file:
            return file.read().strip()

    def environment(self, user="admin"):
        """What clients need."""
        with open(os.path.join(self.state, "openrc")) as rc:
            pairs = dict(line[len("export "):].rstrip("\n").split("=", 1) for line in rc if line.startswith("export "))
        if user != "admin":
            pairs.update(OS_USERNAME=user, OS_PROJECT_NAME=user, OS_PASSWORD=self.secret(f"{user}-password"))
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("OS_")},
            **pairs,
            "OS_VOLUME_API_VERSION": "3",
            "DEMO_PASSWORD": self.secret("demo-password"),
            "PILEUS": BINARY,
            "PILEUS_STATE": self.state,
            "LAB_GUEST_IMAGE": GUEST,
            "LAB_NAMESPACE": self.namespace,
            "PYTHONPATH": os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
        }

    def processes(self):
        """Processes in the namespace: (pid, command line)."""
        found = []
        pids = subprocess.run(["ip", "netns", "pids", self.namespace], capture_output=True, text=True).stdout.split()
        for pid in set(pids) - {str(os.getpid())}:
            try:
                with open(f"/proc/{pid}/cmdline") as file:
                    found.append((int(pid), file.read().replace("\0", " ").strip()))
            except OSError:
                pass
        return found

    def machines(self):
        """QEMU processes in the namespace."""
        return [(pid, line) for pid, line in self.processes() if "qemu-system" in line.split(" ")[0]]

    def links(self):
        """Network interfaces in the namespace."""
        out = self.inside(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout
        return [link["ifname"] for link in json.loads(out)]

    def metadata(self):
        """Namespaces of this state directory's metadata proxies."""
        digest = hashlib.sha256(os.path.realpath(self.state).encode()).hexdigest()
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout.splitlines()
        return [line.split()[0] for line in listed if line.startswith(f"pileus-{digest[:4]}-")]

    def hosted(self, said):
        """Servers that run here, of those that the APIs know."""
        return {name for name in said.placed() if self.host in (None, said.servers[name]["OS-EXT-SRV-ATTR:host"])}

    def remove(self, keep_state=False):
        """Ends everything that this lab started, by process id."""
        try:
            self.pileus("down", "--all", check=False, stdout=subprocess.DEVNULL, timeout=90)
        except subprocess.TimeoutExpired:
            say("`pileus down --all` took too long")
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for pid, line in self.processes():
                say("still there:", pid, line[:120])
                try:
                    os.kill(pid, sign)
                except ProcessLookupError:
                    pass
            if self.processes():
                time.sleep(1)
        for namespace in subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout.splitlines():
            name = namespace.split()[0]
            if name == self.namespace:
                subprocess.run(["ip", "netns", "del", name], check=False)
        for name in self.metadata():
            say("still there: namespace", name)
            subprocess.run(["ip", "netns", "del", name], check=False)
        if keep_state:
            say("state is kept in", self.state)
        else:
            shutil.rmtree(self.state, ignore_errors=True)
