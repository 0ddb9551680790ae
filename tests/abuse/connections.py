"""Attacks by unread responses, open connections, incomplete requests and guessed tokens, and a log that cannot be
written."""

import os
import socket
import threading
import time

from server import ATTACKER, CONNECTIONS, MIB, check, head

ESTABLISHED = 1  # as in TCP_INFO


def is_open(connection):
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED


def wait_until_closed(connections, seconds):
    """Waits for the server to close the connections; returns those still open after the timeout."""
    ends = time.monotonic() + seconds
    left = connections
    while left and time.monotonic() < ends:
        time.sleep(0.1)
        left = [connection for connection in left if is_open(connection)]
    return left


def unread_answers(server):
    """600 connections request large responses and do not read them."""
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
    check(grown < 64 * MIB, f"600 unread responses hold {grown // MIB} MiB")
    began = time.monotonic()
    left = wait_until_closed(unread, 30)
    check(not left, f"{len(left)} connections are still open after 30 s")
    check(server.logged("do not read their answers"), "the log does not report unread responses")
    for connection in unread:
        connection.close()
    return f"600 unread responses held {grown / MIB:.0f} MiB, closed after {time.monotonic() - began:.0f} s"


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
    check(server.logged("their address has too many"), "the log does not report too many connections")
    for connection in many:
        connection.close()
    return f"one address holds {held} of {len(many)} connections"


def incomplete_heads(server):
    """900 connections send an incomplete head."""
    before, incomplete = server.memory(), []
    for _ in range(900):
        connection = server.connect("127.0.0.5")
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 60_000)
        incomplete.append(connection)
        # The parser of a debug build takes milliseconds for each, and this attack is about memory.
        time.sleep(0.005)
    time.sleep(1)
    grown = server.memory() - before
    check(grown < 128 * MIB, f"900 incomplete heads hold {grown // MIB} MiB")
    for connection in incomplete:
        connection.close()
    return f"900 incomplete heads of 60 kB held {grown / MIB:.0f} MiB"


def guesses(server):
    """Clients guess tokens while another client with the same address uses a valid token for the first time."""
    unseen = server.new_token("system_admin")
    ends, guessed = threading.Event(), []

    def guess(number):
        while not ends.is_set():
            token = f"ca_{number:032x}_{len(guessed)}"
            guessed.append(server.ask("GET", ATTACKER, token=token, source="127.0.0.6")[0])

    guessing = [threading.Thread(target=guess, args=(number,), daemon=True) for number in range(16)]
    for guesser in guessing:
        guesser.start()
    time.sleep(3)
    began = time.monotonic()
    status, _ = server.ask("GET", ATTACKER, token=unseen, source="127.0.0.6")
    waited = time.monotonic() - began
    ends.set()
    for guesser in guessing:
        guesser.join(30)
    check(429 in guessed, "guesses are not limited")
    check(status == 200, f"a valid token is answered {status} while others guess from its address")
    check(waited < 2, f"a valid token waited {waited:.1f} s")
    return f"a valid token waited {waited * 1000:.0f} ms among {len(guessed)} guesses from its address"


def unread_log(server):
    """The pipe of the log is not read."""
    server.reading.clear()
    for _ in range(300):
        status, _ = server.ask("GET", "/" + "x" * 8000)
        check(status == 404, f"a request is answered {status} while nobody reads the log")
    server.reading.set()
    check(server.logged("were dropped"), "the log does not say that lines were dropped")
    return "lines were dropped and counted"


def log_without_reader(server):
    """The reader of the log exits."""
    # This process is the reader of the pipe: closes its end by replacing the descriptor.
    nobody = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nobody, server.process.stderr.fileno())
    os.close(nobody)
    answered = [server.ask("GET", "/health/live")[0] for _ in range(100)]
    check(set(answered) == {200}, f"liveness is {set(answered)} without a reader of the log")
    return "the server continued"
