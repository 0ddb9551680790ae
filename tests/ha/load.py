"""What clients do meanwhile: they write and remember what was acknowledged, and ask for decisions.

Both kinds run in a process of their own, with a thread for each connection. Times are those of the monotonic clock,
which all processes share.
"""

import http.client
import json
import multiprocessing
import ssl
import threading
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import quote

JSON = {"Content-Type": "application/json"}
TENANT = "/api/v1/tenants/ha/"
SERVICE = "services/selective_call_acceptance/"
NAME = "Selective Call Acceptance"
DECISIONS = "/api/v1/decisions/"
# Pauses between two requests of a thread: the machine also runs two databases, two servers and the proxy.
WRITER_PAUSE, ASKER_PAUSE = 0.01, 0.05  # seconds
# Longer than the proxy and the server take to give an answer up.
CLIENT_TIMEOUT = 40  # seconds
CRITERIA_OF_USER = 10
# What stands for the creation of a user and the assignment of the service among the writes.
USER, ASSIGNED = "/user", "/assigned"
ASKED_USERS = 60
LISTED, OTHER = "+3225126777", "+3225126778"


@dataclass
class Client:
    """A connection that is kept, and opened again after a failure."""

    host: str
    port: int
    token: str
    authority: str | None = None
    connection: http.client.HTTPConnection | None = None

    def ask(self, method, path, body=None, headers=None):
        """Status, headers and body of the answer; OSError or HTTPException if there is none."""
        if self.connection is None:
            self.connection = self.connect()
        headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if body is not None:
            headers |= JSON
            body = json.dumps(body)
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        return answer.status, answer.headers, content

    def connect(self):
        if self.authority is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=CLIENT_TIMEOUT)
        trust = ssl.create_default_context(cafile=self.authority)
        return http.client.HTTPSConnection(self.host, self.port, timeout=CLIENT_TIMEOUT, context=trust)


def user_path(group, user):
    return f"{TENANT}groups/{quote(group)}/users/{quote(user)}/"


def number(at):
    return f"+322555{at:04}"


def prepare(client, writers):
    """A tenant with the users whom calls are for, and a group for each writer."""
    created(client, "/api/v1/tenants/", {"tenantId": "ha", "region": "BE"})
    for group in ["called", *(f"writer{at}" for at in range(writers))]:
        created(client, TENANT + "groups/", {"groupId": group})
    for at in range(ASKED_USERS):
        user = {"userId": f"called{at}", "phoneNumber": number(at)}
        created(client, TENANT + "groups/called/users/", user)
        path = user_path("called", f"called{at}")
        created(client, path + "services/", {"services": [{"name": NAME}]})
        created(client, path + SERVICE + "criteria/", criteria("listed", LISTED))


def created(client, path, body):
    status, _, answer = client.ask("POST", path, body)
    assert status in (200, 201), f"{path}: {status} {answer!r}"


def criteria(name, *numbers):
    return {"name": name, "fromDnCriteria": {"selection": "Specified Only", "phoneNumbers": list(numbers)}}


@dataclass
class Written:
    """What became of the writes. What was written is named by group, user and criteria; a criteria has a number of its
    own."""

    acknowledged: dict[tuple[str, str, str], str] = field(default_factory=dict)
    refused: set[tuple[str, str, str]] = field(default_factory=set)
    unknown: dict[tuple[str, str, str], str] = field(default_factory=dict)
    # When each was acknowledged.
    times: list[float] = field(default_factory=list)
    # Answers without an end, by what they were.
    failures: Counter = field(default_factory=Counter)


class Writer:
    """Makes users, assigns them the service, and writes their criteria, each with a name and a number of its own."""

    def __init__(self, at, client, written, lock, counter):
        self.at, self.group, self.client = at, f"writer{at}", client
        self.written, self.lock, self.counter = written, lock, counter
        self.users, self.count, self.user = 0, CRITERIA_OF_USER, None

    def run(self, ends):
        while not ends.is_set():
            self.write_next()
            time.sleep(WRITER_PAUSE)

    def write_next(self):
        if self.count < CRITERIA_OF_USER:
            self.write_criteria()
            return
        self.users += 1
        self.user = f"u{self.users}"
        if self.write(USER, f"{TENANT}groups/{self.group}/users/", {"userId": self.user}, USER) and self.write(
            ASSIGNED, user_path(self.group, self.user) + "services/", {"services": [{"name": NAME}]}, ASSIGNED
        ):
            self.count = 0

    def write_criteria(self):
        self.count += 1
        calling = f"+324{self.at:02}{self.users:05}{self.count:02}"
        path = user_path(self.group, self.user) + SERVICE + "criteria/"
        self.write(f"c{self.count}", path, criteria(f"c{self.count}", calling), calling)
        if self.count == CRITERIA_OF_USER:
            # Who names a state of before is refused.
            self.write("refused", path, criteria("refused", calling), calling, {"If-Match": '"0"'})

    def write(self, name, path, body, value, headers=None):
        """Whether a write is acknowledged."""
        key = (self.group, self.user, name)
        try:
            status = self.client.ask("POST", path, body, headers)[0]
        except (OSError, http.client.HTTPException) as error:
            status = type(error).__name__
        with self.lock:
            self.note(key, value, status)
        if status not in (200, 201, 412):
            time.sleep(0.1)
        return status in (200, 201)

    def note(self, key, value, status):
        if status in (200, 201):
            self.written.acknowledged[key] = value
            self.written.times.append(time.monotonic())
            self.counter.value += 1
        elif isinstance(status, int) and 400 <= status < 500:
            self.written.refused.add(key)
        else:
            self.written.unknown[key] = value
        if status not in (200, 201, 412):
            self.written.failures[status] += 1


def write(pipe, counter, address, tokens):
    """The process of the writers: until something comes by the pipe, which is then sent what was written."""
    written, lock, ends = Written(), threading.Lock(), threading.Event()
    writers = [Writer(at, Client(*address[:2], token, *address[2:]), written, lock, counter)
               for at, token in enumerate(tokens)]
    threads = [threading.Thread(target=writer.run, args=(ends,), daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    pipe.recv()
    ends.set()
    for thread in threads:
        thread.join(CLIENT_TIMEOUT + 5)
    pipe.send(written)


@dataclass
class Asked:
    """The answers to questions: when each came, how long it took, and whether it was from memory alone."""

    times: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    stale: list[bool] = field(default_factory=list)
    # When, and what was wrong.
    failures: list[tuple[float, str]] = field(default_factory=list)


def question(client, at):
    """Asks whether a call to a user is accepted: its answer, and what is wrong with it."""
    calling = OTHER if at % 3 == 0 else LISTED
    asked = {"calledNumber": number(at % ASKED_USERS), "callingNumber": calling}
    if at % 2:
        status, _, content = client.ask("POST", DECISIONS, asked)
    else:
        parameters = "&".join(f"{name}={quote(value)}" for name, value in asked.items())
        status, _, content = client.ask("GET", f"{DECISIONS}?{parameters}")
    if status != 200:
        return {}, f"{status} {content.decode(errors='replace')}"
    answer = json.loads(content)
    right = "accept" if calling == LISTED else "reject"
    return answer, None if answer["decision"] == right else f"{right} was right, and the answer is {answer}"


def ask(pipe, counter, address, tokens):
    """The process of the askers, as that of the writers."""
    asked, lock, ends = Asked(), threading.Lock(), threading.Event()

    def run(first, client):
        at = first
        while not ends.is_set():
            began = time.monotonic()
            try:
                answer, wrong = question(client, at)
            except (OSError, http.client.HTTPException) as error:
                answer, wrong = {}, repr(error)
            with lock:
                if wrong is None:
                    asked.times.append(time.monotonic())
                    asked.waits.append(time.monotonic() - began)
                    asked.stale.append(answer.get("stale", False))
                    counter.value += 1
                else:
                    asked.failures.append((began, wrong))
            at += 7
            time.sleep(ASKER_PAUSE)

    threads = [threading.Thread(target=run, args=(at, Client(*address[:2], token, *address[2:])), daemon=True)
               for at, token in enumerate(tokens)]
    for thread in threads:
        thread.start()
    pipe.recv()
    ends.set()
    for thread in threads:
        thread.join(CLIENT_TIMEOUT + 5)
    pipe.send(asked)


class Load:
    """A process of clients, and how many good answers they have so far."""

    def __init__(self, work, address, tokens):
        context = multiprocessing.get_context("spawn")
        self.counter = context.Value("q", 0, lock=False)
        self.pipe, other_end = context.Pipe()
        arguments = (other_end, self.counter, address, tokens)
        self.process = context.Process(target=work, args=arguments, daemon=True)
        self.process.start()

    @property
    def count(self):
        return self.counter.value

    def stop(self):
        """What the clients have seen."""
        self.pipe.send("stop")
        seen = self.pipe.recv()
        self.process.join(30)
        return seen


def longest_gap(times, begin, end):
    """The longest time without a good answer, in seconds. The times are in order."""
    within = times[bisect_left(times, begin):bisect_right(times, end)]
    marks = [begin, *within, end]
    return max(after - before for before, after in zip(marks, marks[1:]))
