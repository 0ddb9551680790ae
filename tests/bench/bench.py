"""What the benchmarks share: servers and databases that they start, load by wrk, and tables of the results."""

import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/bench"
RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
REPORT = ROOT / "docs/performance.md"
END = "<!-- End of the tables. -->\n"
CONNECTIONS = 32
SERVICE = "services/selective_call_acceptance/"


@dataclass
class Case:
    """One thing that is measured: requests a second, over all rounds."""

    name: str
    url: str
    script: str
    figures: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.figures)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def running(command: list[str | Path], port: int, environment: dict[str, str]) -> Iterator[int]:
    """A server that listens on `port`; the identifier of its process."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > deadline:
                        log.seek(0)
                        sys.exit(f"{command[0]} does not start:\n{log.read().decode()}")
                    time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def psql(url: str, *arguments: str) -> None:
    subprocess.run(["psql", "--quiet", "-v", "ON_ERROR_STOP=1", *arguments, url], check=True, stdout=subprocess.DEVNULL)


def program(*arguments: str, url: str) -> str:
    command = [RELEASE / "call-acceptance", "--log", "warn", "--database-url", url, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def ask(url: str, token: str, body: object | None = None) -> object:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as response:
        return json.load(response)


def wrk(
    url: str, script: str, seconds: int, connections: int = CONNECTIONS, may_fail: bool = False
) -> tuple[float, str]:
    """Requests a second, and the report. Unless `may_fail`, every response must be a success."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as lua:
        lua.write(script)
        lua.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", lua.name, url]
        report = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    if not may_fail and ("Non-2xx" in report or "Socket errors" in report):
        sys.exit(f"{url}:\n{report}")
    return float(report.split("Requests/sec:")[1].split()[0]), report


def header_lines(token: str) -> str:
    return f"wrk.headers['Authorization'] = 'Bearer {token}'\nwrk.headers['Content-Type'] = 'application/json'\n"


def random_user(token: str, tenant: str, users: int) -> str:
    """A script that reads the service of another user each time."""
    return header_lines(token) + (
        "function request()\n"
        f"  local user = math.random(0, {users - 1})\n"
        f"  return wrk.format('GET', '/api/v1/tenants/{tenant}/groups/group' .. math.floor(user / 1000) ..\n"
        f"    '/users/user' .. user .. '/{SERVICE}')\n"
        "end\n"
    )


def interleave(cases: list[Case], rounds: int, seconds: int) -> None:
    for case in cases:
        wrk(case.url, case.script, 1)
    for _ in range(rounds):
        for case in cases:
            case.figures.append(wrk(case.url, case.script, seconds)[0])


def table(cases: list[Case], against: Callable[[Case], bool]) -> str:
    """The cases, and each divided by those `against` which it is held."""
    columns = [case for case in cases if against(case)]
    lines = ["| what | requests a second | least to greatest | " + " | ".join(f"÷ {c.name}" for c in columns) + " |"]
    lines.append("|---|---|---|" + "---|" * len(columns))
    for case in cases:
        ratios = " | ".join(f"{case.median / column.median:.2f}" for column in columns)
        spread = f"{min(case.figures):,.0f} to {max(case.figures):,.0f}"
        lines.append(f"| {case.name} | {case.median:,.0f} | {spread} | {ratios} |")
    return "\n".join(lines) + "\n"


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return f"{len(models)} processors ({models[0] if models else platform.machine()}), {platform.system()}"


def build() -> None:
    command = ["cargo", "build", "--quiet", "--release", "--bin", "call-acceptance", "--example", "peer"]
    subprocess.run(command, check=True, cwd=ROOT)


def new_database(name: str) -> str:
    """A database of the server's, without data; its address."""
    server = os.environ["TEST_POSTGRES_URL"]
    psql(server, "-c", f"CREATE DATABASE {name}")
    database = urlsplit(server)._replace(path=f"/{name}").geturl()
    program("migrate", url=database)
    return database


def add_users(database: str, tenant: str, users: int, first: int) -> None:
    """A tenant with this many users, whose numbers begin at `first`."""
    settings = ["-v", f"tenant={tenant}", "-v", f"users={users}", "-v", f"first={first}"]
    psql(database, *settings, "-f", str(HERE / "data.sql"))


@contextmanager
def our_server(database: str, log: str = "warn") -> Iterator[tuple[str, int]]:
    """The server on `database`: its address, and the identifier of its process."""
    port = free_port()
    command = [RELEASE / "call-acceptance", "--log", log, "--listen", f"127.0.0.1:{port}"]
    with running(command, port, {"DATABASE_URL": database}) as process:
        yield f"http://127.0.0.1:{port}", process


@contextmanager
def poem_peer(database: str, token: str, constant: object) -> Iterator[str]:
    """The peer on poem and sqlx; its address."""
    port = free_port()
    setting = {"PEER_DATABASE_URL": database, "PEER_TOKEN": token, "PEER_CONSTANT": json.dumps(constant)}
    with running([RELEASE / "examples/peer"], port, setting | {"PEER_PORT": str(port)}):
        yield f"http://127.0.0.1:{port}"


def publish(command: str, text: str, write: bool) -> None:
    """Prints what `command` has measured, and writes it into the report if that is wanted."""
    print(text)
    if write:
        begin = f"<!-- The tables below are written by {command}. -->\n"
        before, rest = REPORT.read_text().split(begin)
        REPORT.write_text(before + begin + "\n" + text + "\n" + END + rest.split(END, 1)[1])
