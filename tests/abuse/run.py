"""Attacks a server from outside, on loopback, and holds what it costs against bounds: CPU, memory, and how long others
wait meanwhile.

    tests/abuse/run.py PROGRAM DATABASE_URL [ATTACK]...

To add an attack, write a function that takes the server, does one thing and says in a line what it cost, and add it to
ATTACKS. Every loop has an end.

CPU time is taken from the kernel, and so a busy machine changes it little. Latency it does change: 19 of 20 requests
of others are to be answered in 100 ms, or, on a machine that is busy already, in five times what they waited before the
attacks, but in half a second at the most.

ABUSE_COSTS=1 prints what each body cost.
"""

import resource
import sys
import time

import bodies
import connections
import tenants
from server import Others, Server, check, failures

QUICK, SLOW = 0.1, 0.5  # seconds
# How often an attack is tried until others wait for little: what else the machine does may have made them wait.
TRIES = 3
ATTACKS = {
    "unread answers": connections.unread_answers,
    "many connections": connections.many_connections,
    "half heads": connections.half_heads,
    "guesses": connections.guesses,
    # Behind what is held against its memory: this makes the program large.
    "bodies": bodies.attack,
    "dear schedules": tenants.dear_schedules,
    "writes at once": tenants.writes_at_once,
    "audit pages": tenants.audit_pages,
    "unread log": connections.unread_log,
    # The last: there is no log any more.
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
        # The first requests find nothing in memory.
        with Others(server):
            time.sleep(1)
        with Others(server) as quiet:
            time.sleep(2)
        check(not quiet.wrong, f"others are answered {quiet.wrong[:3]} before any attack")
        bound = min(max(QUICK, 5 * quiet.of(0.95)), SLOW)
        print(f"before any attack {quiet}; they may wait {bound * 1000:.0f} ms", flush=True)
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
