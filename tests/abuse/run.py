"""Attacks a server on loopback and checks bounds of CPU, memory and the latency of other clients.

    tests/abuse/run.py PROGRAM DATABASE_URL [ATTACK]...

To add an attack, write a function that takes the server and returns a line with the measured cost, and add it to
ATTACKS. Every loop must be bounded.

CPU time comes from the kernel and depends little on other load. Latency does depend on it, so the bound of the 95th
percentile is 100 ms, or on a busy machine five times the latency before the attacks, at most 0.5 s.

ABUSE_COSTS=1 prints the cost of each body; ABUSE_BODY_CPU sets the bound of it in seconds, for a release build.
"""

import resource
import sys
import time

import bodies
import connections
import tenants
from server import Others, Server, check, failures

QUICK, SLOW = 0.1, 0.5  # seconds
# Attempts for an attack to meet the latency bound, because other load on the machine affects it.
TRIES = 3
ATTACKS = {
    "unread responses": connections.unread_answers,
    "many connections": connections.many_connections,
    "incomplete heads": connections.incomplete_heads,
    "guesses": connections.guesses,
    # After the attacks with a memory bound, because this one grows the process.
    "bodies": bodies.attack,
    "random bodies": bodies.random_bodies,
    "expensive schedules": tenants.expensive_schedules,
    "writes at once": tenants.writes_at_once,
    "audit pages": tenants.audit_pages,
    "cascade": tenants.cascade,
    "unread log": connections.unread_log,
    # The last one, because there is no log afterwards.
    "log without reader": connections.log_without_reader,
}


def attack(server, name, bound):
    for _ in range(TRIES):
        began = time.monotonic()
        with Others(server) as others:
            result = ATTACKS[name](server)
        print(f"{name}: {result}; {others} ({time.monotonic() - began:.0f} s)", flush=True)
        check(not others.wrong, f"{name}: {len(others.wrong)} requests of others were answered {others.wrong[:3]}")
        if others.of(0.95) < bound:
            return
    check(False, f"{name}: others waited {others.of(0.95) * 1000:.0f} ms, {TRIES} times")


def main():
    program, database, *names = sys.argv[1:]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    server = Server(program, database)
    try:
        # Warms the caches.
        with Others(server):
            time.sleep(1)
        with Others(server) as quiet:
            time.sleep(2)
        check(not quiet.wrong, f"others are answered {quiet.wrong[:3]} before any attack")
        bound = min(max(QUICK, 5 * quiet.of(0.95)), SLOW)
        print(f"before any attack {quiet}; bound {bound * 1000:.0f} ms", flush=True)
        for name in names or ATTACKS:
            attack(server, name, bound)
            if server.process.poll() is not None:
                check(False, "the server has ended")
                break
    finally:
        server.stop()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
