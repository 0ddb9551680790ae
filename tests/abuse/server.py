"""The server under attack, and its other clients."""

import contextlib
import json
import multiprocessing
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time

MIB = 1 << 20
USERS = "/api/v1/tenants/foo/groups/foogroup/users/"
SERVICE = "services/selective_call_acceptance/"
# The user that other clients request, and the attacker's.
OTHER = USERS + "foouser/"
ATTACKER = USERS + "attacker/"
WRITE_TIMEOUT = 2  # seconds
CONNECTIONS = 1000  # per address
STARTED = b"serving on http://"

failures = []


def check(holds, what):
    """Records and prints a failed check."""
    if not holds:
        failures.append(what)
        print(f"  FAILED: {what}", flush=True)


class Server:
    """The server with the demonstration data. Its log is a pipe that this process reads."""

    def __init__(self, program, database):
        self.program, self.database = program, database
        self.environment = {"DATABASE_URL": database, "PATH": os.environ["PATH"]}
        self.command("demo")
        self.token = self.new_token("system_admin")
        self.process = subprocess.Popen(
            [program, "--listen", "127.0.0.1:0", "--write-timeout", str(WRITE_TIMEOUT),
             "--connections-per-address", str(CONNECTIONS), "--decision-deadline", "1000"],
            env=self.environment, stderr=subprocess.PIPE,
        )
        for line in iter(self.process.stderr.readline, b""):
            if STARTED in line:
                address = line.split(STARTED)[1].split(b",")[0].decode()
                break
        else:
            sys.exit("the server does not start")
        host, port = address.rsplit(":", 1)
        self.address = (host, int(port))
        self.log, self.reading = [], threading.Event()
        self.reading.set()
        threading.Thread(target=self.read_log, daemon=True).start()
        self.ask("POST", USERS, {"userId": "attacker"})
        self.ask("POST", ATTACKER + "services/", {"services": [{"name": "Selective Call Acceptance"}]})

    def command(self, *arguments):
        done = subprocess.run([self.program, *arguments], env=self.environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{arguments} failed: {done.stderr}")
        return done.stdout

    def execute(self, *statements):
        """Executes SQL statements directly on the database."""
        if self.database.startswith("postgres"):
            texts = [argument for text in statements for argument in ("-c", text)]
            subprocess.run(["psql", "-q", self.database, *texts], check=True)
            return
        path = self.database.removeprefix("sqlite://").split("?")[0]
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as connection, connection:
            for text in statements:
                connection.execute(text)

    def new_token(self, role, *scope):
        return self.command("token", "create", "--role", role, *scope).split()[-1]

    def read_log(self):
        try:
            for line in iter(self.process.stderr.readline, b""):
                self.log.append(line.decode(errors="replace"))
                self.reading.wait()
        except ValueError:
            pass  # The pipe was closed.

    def logged(self, text, seconds=30):
        """Whether the log contains the text within the timeout."""
        ends = time.monotonic() + seconds
        while not any(text in line for line in self.log):
            if time.monotonic() > ends:
                return False
            self.ask("GET", "/health/live")
            time.sleep(0.05)
        return True

    def cpu(self):
        """CPU time of the process in seconds."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Resident memory of the process in bytes."""
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def connect(self, source="127.0.0.1"):
        return connect(self.address, source)

    def ask(self, method, path, body=None, token=None, **options):
        """Status and body of the response."""
        return ask(self.address, token or self.token, method, path, body, **options)

    def stop(self):
        self.reading.set()
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            check(False, "the server does not stop")


def connect(address, source="127.0.0.1", timeout=60):
    return socket.create_connection(address, timeout=timeout, source_address=(source, 0))


def head(token, method, path, length=None, kind="application/json", close=True):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}"]
    if length is not None:
        lines += [f"Content-Type: {kind}", f"Content-Length: {length}"]
    if close:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode()


def ask(address, token, method, path, body=None, source="127.0.0.1", kind="application/json"):
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    with connect(address, source) as connection:
        length = None if body is None else len(body)
        connection.sendall(head(token, method, path, length, kind) + (body or b""))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    first, _, body = answer.partition(b"\r\n\r\n")
    return int(first.split(b" ")[1]), body


class Others:
    """Other clients in a process of their own, with another address. They continuously request liveness, readiness, a
    decision and a user's criteria."""

    REQUESTS = [
        ("GET", "/health/live", None),
        ("GET", "/health/ready", None),
        ("POST", OTHER + SERVICE + "decision/", {"callingNumber": "+3225126777"}),
        ("GET", OTHER + SERVICE, None),
    ]

    def __init__(self, server):
        context = multiprocessing.get_context("spawn")
        self.pipe, other_end = context.Pipe()
        self.process = context.Process(target=Others.run, args=(other_end, server.address, server.token), daemon=True)
        self.waits, self.wrong = [], []

    @staticmethod
    def run(pipe, address, token):
        pipe.send("ready")
        waits, wrong = [], []
        while not pipe.poll(0.02):
            for method, path, body in Others.REQUESTS:
                began = time.monotonic()
                try:
                    status, _ = ask(address, token, method, path, body, source="127.0.0.2")
                except OSError as error:
                    status = str(error)
                waits.append(time.monotonic() - began)
                if status != 200:
                    wrong.append((path, status))
        pipe.send((waits, wrong))

    def __enter__(self):
        self.process.start()
        self.pipe.recv()
        return self

    def __exit__(self, *_):
        self.pipe.send("stop")
        self.waits, self.wrong = self.pipe.recv()
        self.process.join(60)

    def of(self, share):
        """The latency percentile of this share of the requests, in seconds."""
        waits = sorted(self.waits) or [0.0]
        return waits[min(len(waits) - 1, int(len(waits) * share))]

    def __str__(self):
        half, most, worst = (self.of(share) * 1000 for share in (0.5, 0.95, 1))
        return (f"others waited {half:.0f} ms (median), {most:.0f} ms (95th percentile), "
                f"{worst:.0f} ms (maximum of {len(self.waits)})")


def at_once(count, work):
    """The results of `count` concurrent calls of `work` with the number of the call; an OSError is a result."""
    results = [None] * count

    def one(number):
        try:
            results[number] = work(number)
        except OSError as error:
            results[number] = error

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results
