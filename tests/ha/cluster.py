"""The machines of deploy/ha/, all of them on this one: etcd, two PostgreSQL with Patroni, HAProxy, two servers.

The files are those that docs/operating.md shows. An address 10.0.0.N in them is 127.X.Y.N here, so that the ports are
those of the files; what else differs is in `Site.replacements`. All files are in a scratch folder, and processes are
ended by their identifiers.
"""

import contextlib
import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES, PAGE = ROOT / "deploy" / "ha", ROOT / "docs" / "operating.md"
NODES = {"a": "10.0.0.21", "b": "10.0.0.22"}
SERVERS = {"a": "10.0.0.11", "b": "10.0.0.12"}
ADDRESSES = {
    "10.0.0.31": [2379, 2380], "10.0.0.10": [5000, 5001, 8443, 8444], **{node: [5432, 8008] for node in NODES.values()},
    **{server: [8080] for server in SERVERS.values()},
}
SUPERUSER = "postgres:secret-of-postgres"


def wait_for(what, condition, seconds):
    """Waits for the condition; its value, and how long it took."""
    began = time.monotonic()
    while not (value := condition()):
        if time.monotonic() - began > seconds:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.1)
    return value


def get(url):
    """Status and body of an answer; status 0 if there is none."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def processes_below(pid):
    """A process and all that descend from it."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += processes_below(int(child))
    return found


class Site:
    """Where everything is: the scratch folder, the network, the programs."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.chmod(0o755)
        # Servers that do not run as root.
        self.user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        self.own(self.folder)
        self.network = self.free_network()
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
        self.postgres = programs[-1].parent
        self.certificate = self.folder / "acceptance.pem"
        self.authority = self.folder / "authority.pem"
        self.make_certificate()
        self.replacements = {
            "10.0.0.0/24": "127.0.0.0/8",
            "10.0.0.10:443 ": "10.0.0.10:8443 ",
            "/var/lib/etcd/acceptance": str(self.folder / "etcd"),
            "/var/lib/postgresql/15/acceptance": str(self.folder / "data"),
            "/usr/lib/postgresql/15/bin": str(self.postgres),
            "/etc/haproxy/acceptance.pem": str(self.certificate),
            "10.0.0.": self.network,
        }

    @staticmethod
    def free_network():
        """The beginning of addresses of loopback whose ports nobody uses."""
        for _ in range(20):
            network = f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}."
            try:
                for address, ports in ADDRESSES.items():
                    for port in ports:
                        socket.create_server((address.replace("10.0.0.", network), port)).close()
            except OSError:
                continue
            return network
        raise AssertionError(f"ports are in use on all addresses: {ADDRESSES}")

    def address(self, printed):
        return printed.replace("10.0.0.", self.network)

    def make_certificate(self):
        address = self.address("10.0.0.10")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", "/CN=acceptance", "-addext", f"subjectAltName=IP:{address}", "-keyout", self.certificate,
             "-out", self.authority], check=True, capture_output=True,
        )
        with self.certificate.open("a") as file:
            file.write(self.authority.read_text())

    def text(self, name, replacements=()):
        """A file of deploy/ha/ as it is on this machine."""
        text = (FILES / name).read_text()
        for printed, here in [*dict(replacements).items(), *self.replacements.items()]:
            text = text.replace(printed, here)
        return text

    def file(self, name, to=None, replacements=()):
        path = self.folder / (to or name)
        path.write_text(self.text(name, replacements))
        path.chmod(0o600)
        self.own(path)
        return path

    def own(self, path):
        """Gives a file or a folder to the user of the servers."""
        if self.user:
            shutil.chown(path, "postgres")


class Program:
    """A program that writes its log into the scratch folder."""

    def __init__(self, site, name, command, **options):
        self.site, self.name, self.command, self.options = site, name, command, options
        self.log, self.process = site.folder / f"{name}.log", None

    def start(self):
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.site.folder,
                start_new_session=True, **self.options,
            )

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if not self.is_running():
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()


class Node(Program):
    """PostgreSQL and its Patroni, as on a machine of their own."""

    def __init__(self, site, name):
        self.rest = f"http://{site.address(NODES[name])}:8008"
        self.data, sockets = site.folder / f"data-{name}", site.folder / f"sockets-{name}"
        sockets.mkdir()
        site.own(sockets)
        own = {
            "name: a\n": f"name: {name}\n", NODES["a"]: NODES[name],
            "/var/lib/postgresql/15/acceptance": str(self.data), "/var/run/postgresql": str(sockets),
        }
        self.file = site.file("patroni.yml", f"patroni-{name}.yml", own)
        home = {"HOME": pwd.getpwnam("postgres").pw_dir} if site.user else {}
        environment = {**os.environ, **home, "PYTHONUNBUFFERED": "1"}
        super().__init__(site, f"patroni-{name}", ["patroni", self.file], env=environment, **site.user)
        self.node = name

    def pids(self):
        """The processes of this machine."""
        found = processes_below(self.process.pid) if self.is_running() else []
        with contextlib.suppress(OSError, ValueError, IndexError):
            postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
            if "postgres" in Path(f"/proc/{postmaster}/comm").read_text():
                found += processes_below(postmaster)
        return list(dict.fromkeys(found))

    def signal(self, number):
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self):
        """As if the machine lost its power."""
        self.signal(signal.SIGKILL)
        self.process.wait()
        wait_for(f"the processes of {self.name} end", lambda: not self.pids(), 30)

    def is_primary(self):
        return get(self.rest + "/primary")[0] == 200

    def stop(self):
        with contextlib.suppress(AttributeError):
            self.signal(signal.SIGCONT)
            super().stop()
            self.signal(signal.SIGKILL)


class Server(Program):
    """An instance of call-acceptance."""

    def __init__(self, site, name, program):
        settings = site.text("call-acceptance.default", {SERVERS["a"]: SERVERS[name]})
        lines = [line for line in settings.splitlines() if line and not line.startswith("#")]
        environment = {"CALL_ACCEPTANCE_LOG": "warn", **dict(line.split("=", 1) for line in lines)}
        super().__init__(site, f"server-{name}", [program], env=environment)
        self.address = (site.address(SERVERS[name]), 8080)
        self.url = f"http://{self.address[0]}:8080"

    def run(self, *arguments):
        """What a command of the program prints."""
        command = [*self.command, *arguments]
        done = subprocess.run(command, env=self.options["env"], capture_output=True, text=True)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout.strip()

    def is_ready(self):
        return self.is_running() and get(self.url + "/health/ready")[0] == 200

    def start_and_wait(self):
        self.start()
        wait_for(f"{self.name} is ready", self.is_ready, 60)


def nginx(site, server):
    """nginx before a server, with the configuration that docs/operating.md prints."""
    (printed,) = re.findall(r"^```nginx\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    for text, here in {
        "listen 443 ": f"listen {site.address('10.0.0.10')}:8444 ", "127.0.0.1:8080": f"{server.address[0]}:8080",
        "/etc/ssl/acceptance.crt": str(site.authority), "/etc/ssl/acceptance.key": str(site.certificate),
    }.items():
        assert text in printed, f"{text} is not in the configuration of nginx"
        printed = printed.replace(text, here)
    kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    own = ["access_log off;", *(f"{kind}_temp_path {site.folder}/nginx-{kind};" for kind in kinds)]
    path = site.folder / "nginx.conf"
    path.write_text("\n".join([
        "daemon off;", f"pid {site.folder}/nginx.pid;", "error_log stderr;", "events {}", "http {", *own, printed, "}",
    ]))
    site.own(path)
    return Program(site, "nginx", ["nginx", "-c", path, "-p", site.folder, "-e", "stderr"], **site.user)


class Cluster:
    """All of it."""

    def __init__(self, folder, program):
        self.site = site = Site(folder)
        etcd_file = site.file("etcd.yml")
        self.etcd = Program(site, "etcd", ["etcd", "--config-file", etcd_file], **site.user)
        self.nodes = {name: Node(site, name) for name in NODES}
        configuration = site.file("haproxy.cfg")
        site.own(site.certificate)
        self.proxy = Program(site, "haproxy", ["haproxy", "-W", "-db", "-f", configuration], **site.user)
        self.servers = {name: Server(site, name, program) for name in SERVERS}
        self.nginx = nginx(site, self.servers["a"])
        self.programs = [self.etcd, *self.nodes.values(), self.proxy, *self.servers.values(), self.nginx]

    def start(self):
        """Starts all but the servers, and makes the database for them, as docs/operating.md prints it."""
        self.etcd.start()
        etcd = f"http://{self.site.address('10.0.0.31')}:2379/health"
        wait_for("etcd answers", lambda: get(etcd)[0] == 200, 30)
        self.nodes["a"].start()
        wait_for("PostgreSQL is made", self.nodes["a"].is_primary, 120)
        self.nodes["b"].start()
        self.proxy.start()
        self.wait_until_settled()
        database = f"postgres://{SUPERUSER}@{self.site.address('10.0.0.10')}:5000/postgres"
        subprocess.run(
            ["psql", "--quiet", database, "-c", "CREATE ROLE acceptance LOGIN PASSWORD 'secret'",
             "-c", "CREATE DATABASE acceptance OWNER acceptance"], check=True,
        )

    def members(self):
        """Name and role of the members that are well, as Patroni has them."""
        for node in self.nodes.values():
            status, body = get(node.rest + "/cluster")
            if status == 200:
                members = json.loads(body)["members"]
                return {each["name"]: each["role"] for each in members if each["state"] in ("running", "streaming")}
        return {}

    def is_settled(self):
        return sorted(self.members().values()) == ["leader", "sync_standby"]

    def wait_until_settled(self):
        wait_for("a primary has a synchronous standby", self.is_settled, 120)

    def primary(self):
        """The primary, and the other."""
        name = next(name for name, node in self.nodes.items() if node.is_primary())
        return self.nodes[name], self.nodes["b" if name == "a" else "a"]

    def switch_over(self):
        primary, standby = self.primary()
        command = ["patronictl", "-c", primary.file, "switchover", "--leader", primary.node, "--candidate",
                   standby.node, "--force"]
        done = subprocess.run(command, capture_output=True, text=True, **self.site.user)
        assert done.returncode == 0 and "Successfully switched over" in done.stdout, done.stdout + done.stderr
        return standby

    def stop(self):
        for program in reversed(self.programs):
            program.stop()

    def logged(self, text):
        """The lines of the servers' logs that have the text."""
        for server in self.servers.values():
            for line in server.log.read_text(errors="replace").splitlines():
                if text in line:
                    yield f"{server.name}: {line}"

    def keep_logs(self):
        """Copies the logs to where they stay; the folder."""
        kept = ROOT / "target" / "ha"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for program in self.programs:
            if program.log.exists():
                shutil.copy(program.log, kept)
        return kept

    def logs(self):
        """The last lines of each log."""
        for program in self.programs:
            if program.log.exists():
                lines = program.log.read_text(errors="replace").splitlines()[-15:]
                yield "\n".join([f"--- {program.name}", *lines])
