"""Runs the servers of deploy/ha/ under load, takes things away from them, and reads back what was acknowledged.

    tests/ha/run.py PROGRAM LAST_RELEASE CLIENT [FAULT]...

LAST_RELEASE is the folder with the program and the files of the last release, CLIENT that with the client that is
generated from its document. First the servers are upgraded from it, one after the other; then come the faults. Writers
and askers go through HAProxy all the time. In the end no acknowledged write may be lost, no refused one be there, and
no question be without its right answer. With names of faults only these happen, and there is no least number of writes.

To add a fault, write a function that takes the run and lets the fault happen and pass, and add it to FAULTS.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from urllib.parse import quote

import load
from cluster import Cluster, wait_for

WRITES = 20_000
WRITERS, ASKERS = 8, 4
# Longest time from the begin of a fault until everything is as before.
PATIENCE = 120  # seconds


class Run:
    """The cluster under load, and when which fault was."""

    def __init__(self, cluster, last_release, client):
        self.cluster, self.last_release, self.client = cluster, last_release, client
        self.faults = []
        self.writes = self.questions = self.token = self.asking = self.program = None

    def prepare(self, program, begin_with):
        """Servers that run one program at first and are to run another; data and load."""
        cluster, self.program = self.cluster, program
        for server in cluster.servers.values():
            server.command = [begin_with]
        cluster.start()
        for server in cluster.servers.values():
            server.start_and_wait()
        first, second = cluster.servers.values()
        self.token = first.run("token", "create", "--role", "system_admin")
        load.prepare(load.Client(*first.address, self.token), WRITERS)
        tokens = [first.run("token", "create", "--role", "tenant_admin", "--tenant", "ha") for _ in range(WRITERS)]
        self.asking = first.run("token", "create", "--role", "call_processing", "--tenant", "ha")
        self.warm(first)
        self.warm(second)
        address = (cluster.site.address("10.0.0.10"), 8443, str(cluster.site.authority))
        wait_for("HAProxy has servers", lambda: self.is_served(address), 30)
        self.writes = load.Load(load.write, address, tokens)
        self.questions = load.Load(load.ask, address, [self.asking] * ASKERS)
        self.wait_for_load(500)

    def is_served(self, address):
        try:
            return load.question(load.Client(*address[:2], self.asking, address[2]), 0)[1] is None
        except OSError:
            return False

    def warm(self, server):
        """Has all users that are asked about in the memory of a server."""
        client = load.Client(*server.address, self.asking)
        for at in range(load.ASKED_USERS):
            wait_for("a decision", lambda: load.question(client, at)[1] is None, 30)

    def wait_for_load(self, count, seconds=PATIENCE):
        """Lets this many further writes be acknowledged, and questions be answered."""
        writes, questions = self.writes.count + count, self.questions.count + count // 4

        def is_done():
            return self.writes.count >= writes and self.questions.count >= questions

        wait_for(f"{count} writes", is_done, seconds)

    def suffer(self, name, fault):
        began, writes = time.monotonic(), self.writes.count
        fault(self)
        self.cluster.wait_until_settled()
        for server in self.cluster.servers.values():
            wait_for(f"{server.name} is ready", server.is_ready, PATIENCE)
        self.wait_for_load(300)
        self.faults.append((name, began, time.monotonic()))
        print(f"{name}: passed after {time.monotonic() - began:.0f} s, {self.writes.count - writes} writes", flush=True)


def exchange(run, server, program):
    """Puts another release in the place of a server."""
    server.stop()
    server.command = [program]
    server.start_and_wait()
    # The faults that follow find the users in memory, as those of a server that has run for a while.
    run.warm(server)
    run.wait_for_load(100)


def upgrade(run):
    """One server after the other; in between both releases serve, and once it is gone back."""
    first, second = run.cluster.servers.values()
    old = f"{run.last_release}/call-acceptance"
    exchange(run, first, run.program)
    ask_as_released(run)
    exchange(run, first, old)
    ask_as_released(run)
    exchange(run, first, run.program)
    exchange(run, second, run.program)


def ask_as_released(run):
    """The client of the last contract does with both servers what it did with its own release."""
    released = f"{run.last_release}/tests/clients"
    with open(f"{released}/transcript.txt") as file:
        transcript = file.read()
    for server in run.cluster.servers.values():
        environment = {**os.environ, "CALL_ACCEPTANCE_URL": server.url, "CALL_ACCEPTANCE_TOKEN": run.token,
                       "PYTHONPATH": run.client}
        command = [sys.executable, f"{released}/openapi-python-client/scenario.py"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{server.name} ({server.command}): {done.stdout}{done.stderr}"
        assert done.stdout in transcript, f"{server.name} ({server.command}):\n{done.stdout}"


def kill_the_primary(run):
    """Its machine is gone, and comes back when the other is primary."""
    primary, standby = run.cluster.primary()
    primary.kill()
    wait_for("the standby is promoted", standby.is_primary, PATIENCE)
    run.wait_for_load(300)
    primary.start()


def switch_over(run):
    """The roles are changed on purpose."""
    standby = run.cluster.switch_over()
    wait_for("the standby is promoted", standby.is_primary, PATIENCE)


def freeze_the_primary(run):
    """Its machine stands still, and goes on when the other is primary."""
    primary, standby = run.cluster.primary()
    primary.signal(signal.SIGSTOP)
    wait_for("the standby is promoted", standby.is_primary, PATIENCE)
    run.wait_for_load(300)
    primary.signal(signal.SIGCONT)


def freeze_the_standby(run):
    """Its machine stands still, and goes on when the primary does without it."""
    _, standby = run.cluster.primary()
    standby.signal(signal.SIGSTOP)
    wait_for("the primary goes on alone", lambda: "sync_standby" not in run.cluster.members().values(), PATIENCE)
    run.wait_for_load(300)
    standby.signal(signal.SIGCONT)


def kill_a_server(run):
    """One of the two is gone, and comes back with an empty memory."""
    server = run.cluster.servers["a"]
    server.kill()
    run.wait_for_load(1000)
    server.start_and_wait()


UPGRADE = "rolling upgrade"
# The upgrade comes first, so that the others happen to this release.
FAULTS = {
    UPGRADE: upgrade,
    "kill -9 of the primary": kill_the_primary,
    "switchover": switch_over,
    "freeze of the primary": freeze_the_primary,
    "freeze of the standby": freeze_the_standby,
    "kill -9 of a server": kill_a_server,
}


def ask_proxies(run):
    """Both proxies of docs/operating.md speak TLS and HTTP/2, and pass a question on."""
    run.cluster.nginx.start()
    for port in [8443, 8444]:
        address = f"{run.cluster.site.address('10.0.0.10')}:{port}"
        url = f"https://{address}{load.DECISIONS}?calledNumber={quote(load.number(0))}"
        command = ["curl", "--silent", "--show-error", "--http2", "--cacert", run.cluster.site.authority, "--write-out",
                   " %{http_version} %{http_code}", "--header", f"Authorization: Bearer {run.asking}",
                   "--retry", "20", "--retry-connrefused", "--retry-delay", "1", url]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.stdout.endswith(" 2 200"), f"port {port}: {done.stdout}{done.stderr}"
    print("nginx and HAProxy pass questions on, with TLS and HTTP/2", flush=True)


def present(client, group, user):
    """What there is of a user: the user, the assignment, the criteria with the number of each."""
    status, _, content = client.ask("GET", load.user_path(group, user) + load.SERVICE)
    answer = json.loads(content)
    if status == 404 and answer["code"] == "user_not_found":
        return {}
    found = {(group, user, load.USER): load.USER}
    if status == 404 and answer["code"] == "service_not_assigned":
        return found
    assert status == 200, f"{group}/{user}: {status} {content!r}"
    found[group, user, load.ASSIGNED] = load.ASSIGNED
    for each in answer["criteria"]:
        (found[group, user, each["name"]],) = each["fromDnCriteria"]["phoneNumbers"]
    return found


def read_back(run, written):
    """What is there of all that was written. It is read from the primary, since it has an ETag."""
    client = load.Client(*run.cluster.servers["b"].address, run.token)
    found = {}
    for group, user in {key[:2] for key in [*written.acknowledged, *written.refused, *written.unknown]}:
        found |= present(client, group, user)
    lost = [key for key, value in written.acknowledged.items() if found.get(key) != value]
    ghosts = [key for key in written.refused if key in found]
    return found, lost, ghosts


def report(run, written, asked):
    """Prints what was measured; what is wrong."""
    print(f"\n{'':24}{'writes stand still':>20}{'decisions':>12}{'slowest':>10}{'from memory':>14}{'failed':>8}")
    for name, began, ended in run.faults:
        of = [at for at, when in enumerate(asked.times) if began <= when <= ended]
        slowest, stale = max(asked.waits[at] for at in of), sum(asked.stale[at] for at in of)
        failed = sum(began <= when <= ended for when, _ in asked.failures)
        writes = load.longest_gap(written.times, began, ended)
        gap = load.longest_gap(asked.times, began, ended)
        print(f"{name:24}{writes:>18.1f} s{gap:>10.2f} s{slowest:>8.2f} s{stale:>14}{failed:>8}")
    found, lost, ghosts = read_back(run, written)
    ended_well = sum(key in found for key in written.unknown)
    print(f"\n{len(written.acknowledged)} writes were acknowledged, {len(lost)} of them are lost;"
          f"\n{len(written.refused)} were refused, {len(ghosts)} of them are there;"
          f"\n{len(written.unknown)} have no known end, {ended_well} of them are there;"
          f"\nother answers to writes: {dict(written.failures)};"
          f"\n{len(asked.times)} questions were answered, {len(asked.failures)} were not.")
    wrong = [f"lost: {key}" for key in lost[:5]] + [f"refused, but there: {key}" for key in ghosts[:5]]
    for when, text in asked.failures[:10]:
        during = next((name for name, began, ended in run.faults if began <= when <= ended), "afterwards")
        wrong.append(f"{during}: {text}")
        requests = re.findall('"instance":"([^"]+)"', text)
        wrong += [line for request in requests for line in run.cluster.logged(request)]
    return wrong


def main():
    program, last_release, client, *names = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Processes are killed here, not machines, so that data in memory outlive them; other load on the disk does no harm.
    with tempfile.TemporaryDirectory(prefix="call-acceptance-ha.", dir="/dev/shm") as folder:
        cluster = Cluster(folder, program)
        run = Run(cluster, last_release, client)
        try:
            faults = names or list(FAULTS)
            run.prepare(program, program if UPGRADE not in faults else f"{last_release}/call-acceptance")
            for name in faults:
                run.suffer(name, FAULTS[name])
            ask_proxies(run)
            if not names and run.writes.count < WRITES:
                run.wait_for_load(WRITES - run.writes.count, 3 * PATIENCE)
            wrong = report(run, run.writes.stop(), run.questions.stop())
            if wrong:
                wrong.append(f"the logs are in {cluster.keep_logs()}")
        except BaseException:
            print(*cluster.logs(), sep="\n", file=sys.stderr)
            raise
        finally:
            cluster.stop()
    if wrong:
        sys.exit("FAILED:\n" + "\n".join(wrong))
    print("Nothing that was acknowledged is lost, and every question was answered.")


if __name__ == "__main__":
    main()
