"""The stock `openstack` client, as a person at a terminal uses it."""
import json
import os
import subprocess
import sys
import time


class Failed(Exception):
    """The client said no."""


def say(*words):
    print(time.strftime("%H:%M:%S"), *words, flush=True)


def openstack(*words, data=True):
    """Runs one command; the answer as the client's JSON."""
    command = [os.path.join(os.path.dirname(sys.executable), "openstack"), *words]
    if data:
        command += ["-f", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    say("$ openstack", " ".join(words))
    if done.returncode != 0:
        raise Failed(f"openstack {' '.join(words)}: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout) if data and done.stdout.strip() else done.stdout


def refused(*words):
    """Runs one command that must fail; what it said."""
    try:
        openstack(*words, data=False)
    except Failed as failed:
        return str(failed)
    raise AssertionError(f"openstack {' '.join(words)} should have been refused")


def until(what, seconds, check, every=0.5):
    """Waits until `check` answers something true."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)


class Guest:
    """A machine, by SSH at its floating address."""

    def __init__(self, address, key, user="pileus"):
        self.address, self.key, self.user = address, key, user

    def run(self, command, check=True, timeout=40):
        done = subprocess.run(
            ["ssh", "-i", self.key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5", "-o", "BatchMode=yes", f"{self.user}@{self.address}", command],
            capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"{self.address}: {command}: {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout.strip() if check else done

    def wait(self, seconds=90):
        """Waits for a login."""
        def login():
            try:
                return self.run("true", check=False).returncode == 0
            except subprocess.TimeoutExpired:
                return False
        until(f"SSH login at {self.address}", seconds, login)
        say("logged in at", self.address)
