"""Connections, the log and credentials: what a client can do that sends no whole request, reads no answer, or
guesses."""

import os
import socket
import threading
import time

from server import ATTACKER, CONNECTIONS, MIB, check, head

ESTABLISHED = 1  # as in TCP_INFO


def is_open(connection):
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED


def closed_by_the_server(connections, seconds):
    """Waits until the server has closed all of them; those that are still open after so long."""
    ends = time.monotonic() + seconds
    left = connections
    while left and time.monotonic() < ends:
        time.sleep(0.1)
        left = [connection for connection in left if is_open(connection)]
    return left


def unread_answers(server):
    """Many ask for large answers and read none of them."""
    _, document = server.ask("GET", "/openapi.json")
    requests = 1 + 24 * MIB // len(document)
    before, unread = server.memory(), []
    for _ in range(600):
        connection = server.connect("127.0.0.3")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(head(server.token, "GET", "/openapi.json", close=False) * requests)
        unread.append(connection)
    time.sleep(1)
    grown = server.memory() - before
    check(grown < 64 * MIB, f"600 unread answers hold {grown // MIB} MiB")
    began = time.monotonic()
    left = closed_by_the_server(unread, 30)
    check(not left, f"{len(left)} connections are still open after 30 s")
    check(server.logged("do not read their answers"), "the log does not tell of unread answers")
    for connection in unread:
        connection.close()
    return f"600 unread answers held {grown / MIB:.0f} MiB, and were closed after {time.monotonic() - began:.0f} s"


def many_connections(server):
    """One address opens as many connections as it can."""
    many = []
    for _ in range(1500):
        try:
            many.append(server.connect("127.0.0.4"))
        except OSError:
            break
    time.sleep(0.5)
    held = sum(map(is_open, many))
    check(held <= CONNECTIONS, f"one address holds {held} connections")
    check(server.logged("their address has too many"), "the log does not tell of too many connections")
    for connection in many:
        connection.close()
    return f"one address holds {held} of {len(many)} connections"


def half_heads(server):
    """Many send a head without its end."""
    before, halves = server.memory(), []
    for _ in range(900):
        connection = server.connect("127.0.0.5")
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 60_000)
        halves.append(connection)
        # Without optimization the parser takes milliseconds for each: it is not a flood that is tried here.
        time.sleep(0.005)
    time.sleep(1)
    grown = server.memory() - before
    check(grown < 128 * MIB, f"900 half heads hold {grown // MIB} MiB")
    for connection in halves:
        connection.close()
    return f"900 half heads of 60 kB held {grown / MIB:.0f} MiB"


def guesses(server):
    """Some guess tokens; somebody behind the same address has a good one that was not seen before."""
    unseen = server.new_token("system_admin")
    ends, guessed = threading.Event(), []

    def guess(number):
        while not ends.is_set():
            token = f"ca_{number:032x}_{len(guessed)}"
            guessed.append(server.ask("GET", ATTACKER, token=token, source="127.0.0.6")[0])

    guessers = [threading.Thread(target=guess, args=(number,), daemon=True) for number in range(16)]
    for guesser in guessers:
        guesser.start()
    time.sleep(3)
    began = time.monotonic()
    status, _ = server.ask("GET", ATTACKER, token=unseen, source="127.0.0.6")
    waited = time.monotonic() - began
    ends.set()
    for guesser in guessers:
        guesser.join(30)
    check(429 in guessed, "nobody who guesses is slowed down")
    check(status == 200, f"a good token is answered {status} while others guess from its address")
    check(waited < 2, f"a good token waited {waited:.1f} s")
    return f"a good token waited {waited * 1000:.0f} ms among {len(guessed)} guesses from its address"


def unread_log(server):
    """Nobody reads the pipe of the log."""
    server.reading.clear()
    for _ in range(300):
        status, _ = server.ask("GET", "/" + "x" * 8000)
        check(status == 404, f"a request is answered {status} while nobody reads the log")
    server.reading.set()
    check(server.logged("were dropped"), "the log does not say that lines were dropped")
    return "lines were dropped and counted"


def log_without_reader(server):
    """The reader of the log goes away for good."""
    # The reader of the pipe is this process: another file takes the place of its end.
    nobody = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nobody, server.process.stderr.fileno())
    os.close(nobody)
    answered = [server.ask("GET", "/health/live")[0] for _ in range(100)]
    check(set(answered) == {200}, f"liveness is {set(answered)} without a reader of the log")
    return "the server went on"
