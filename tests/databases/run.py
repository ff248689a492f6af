"""The services' tests on PostgreSQL and on MariaDB, each a private server with data of its own, gone when the test ends.

    scripts/test databases [postgresql|mariadb] [CRATE...] [-- ARGUMENTS OF CARGO NEXTEST]
"""
import argparse
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from lab import ROOT, say

CRATES = ["platform", *sorted(os.listdir(os.path.join(ROOT, "services")))]
#: Each test has databases of its own, and each of those a few connections.
CONNECTIONS = 1000


def program(name):
    found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)
    if not found:
        raise SystemExit(f"{name} is not installed: scripts/install-packages tests")
    return found


class Server:
    """A database server that listens on a Unix socket and a port of the loopback."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="pl-db-")
        account = pwd.getpwnam(self.account)
        os.chown(self.folder, account.pw_uid, account.pw_gid)
        self.as_user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self.log = open(f"{self.folder}/log", "ab")
        self.process = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def run(self, *command):
        subprocess.run(command, check=True, stdout=self.log, stderr=self.log, cwd=self.folder, **self.as_user)

    def start(self, *command):
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd=self.folder, **self.as_user)

    def wait(self, *probe):
        deadline = time.monotonic() + 60
        while subprocess.run(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(f"{self.folder}/log", errors="replace") as log:
                    raise SystemExit(f"the database server does not start:\n{log.read()[-3000:]}")
            time.sleep(0.1)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if isinstance(self, PostgreSql) else signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgreSql(Server):
    account = "postgres"

    def begin(self):
        data = f"{self.folder}/data"
        self.run(program("initdb"), "-D", data, "-U", "pileus", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder, "fsync": "off",
                   "max_connections": CONNECTIONS, "shared_buffers": "256MB", "full_page_writes": "off"}
        self.start(program("postgres"), "-D", data, *[word for key, value in options.items() for word in ("-c", f"{key}={value}")])
        self.wait(program("pg_isready"), "-h", self.folder, "-p", str(self.port))
        self.url = f"postgres://pileus@127.0.0.1:{self.port}/{{service}}"


class MariaDb(Server):
    account = "mysql"

    def begin(self):
        data, place = f"{self.folder}/data", f"{self.folder}/socket"
        self.run(program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db")
        self.start(program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--socket={place}", f"--port={self.port}",
                   "--bind-address=127.0.0.1", f"--max-connections={CONNECTIONS}", f"--pid-file={self.folder}/pid", "--innodb-flush-log-at-trx-commit=0",
                   "--character-set-server=utf8mb4", "--skip-log-bin", "--table-open-cache=4000", "--open-files-limit=100000")
        client = [program("mariadb"), "--no-defaults", f"--socket={place}", "-u", "root"]
        self.wait(*client, "-e", "select 1")
        statements = "create user pileus@'127.0.0.1' identified by 'pileus'; grant all on *.* to pileus@'127.0.0.1'"
        subprocess.run([*client, "-e", statements], check=True)
        self.url = f"mysql://pileus:pileus@127.0.0.1:{self.port}/{{service}}"


def main():
    servers = {"postgresql": PostgreSql, "mariadb": MariaDb}
    words, rest = sys.argv[1:], []
    if "--" in words:
        words, rest = words[:words.index("--")], words[words.index("--") + 1:]
    parser = argparse.ArgumentParser(usage="scripts/test databases [SERVER...] [CRATE...] [-- ARGUMENTS OF CARGO NEXTEST]")
    parser.add_argument("which", nargs="*", choices=[*servers, *CRATES, []], default=[])
    which = parser.parse_args(words).which
    chosen = [word for word in which if word in servers] or list(servers)
    packages = [word for word in which if word in CRATES] or CRATES
    failed = []
    for name in chosen:
        server = servers[name]()
        try:
            server.begin()
            say(name, server.url)
            # The whole workspace is named so that what it was built with serves: with other features all would be built anew.
            words = ["--workspace", "-E", " + ".join(f"package({crate})" for crate in packages)]
            environment = {**os.environ, "PILEUS_TEST_DATABASE": server.url, "RUST_BACKTRACE": "0"}
            done = subprocess.run(["cargo", "nextest", "run", "--locked", "--no-fail-fast", *words, *rest], cwd=ROOT, env=environment)
            if done.returncode != 0:
                failed.append(name)
        finally:
            server.stop()
    say("failed on " + ", ".join(failed) if failed else "all passed on " + ", ".join(chosen))
    sys.exit(1 if failed else 0)


main()
