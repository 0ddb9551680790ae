"""Request bodies of the maximum size whose validation could be expensive, each with a different fault."""

import os
import random

from server import ATTACKER, MIB, SERVICE, at_once, check

# CPU seconds for a body of 1 MiB in a debug build. A release build needs at most 0.25 s.
BODY_CPU = float(os.environ.get("ABUSE_BODY_CPU", "1.5"))
CRITERIA_LIST = ATTACKER + SERVICE
CRITERIA = CRITERIA_LIST + "criteria/x/"
SCHEDULES = "/api/v1/tenants/foo/calendar_schedules/"
SCHEDULE = SCHEDULES + "abuse/"
JSON, CALENDAR = "application/json", "text/calendar"
EVENT = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:e\nDTSTART;VALUE=DATE:20270101\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:"
PERIOD = '{"name":"p","type":"Recurrence","startDate":"2027-01-01","rule":"FREQ=DAILY","exceptDates":['


def filled(start, item, end, separator=","):
    """One item, repeated to 1 MiB."""
    count = (MIB - len(start) - len(end)) // (len(item) + len(separator))
    return (start + separator.join([item] * count) + end).encode()


def counted(start, item, end):
    """Different items, up to 1 MiB."""
    items, length = [], len(start) + len(end)
    while length < MIB - 100:
        items.append(item(len(items)))
        length += len(items[-1]) + 1
    return (start + ",".join(items) + end).encode()


def day(number, separator):
    return separator.join([str(1970 + number // 336 % 230), f"{1 + number // 28 % 12:02}", f"{1 + number % 28:02}"])


def bodies():
    numbers = '{"fromDnCriteria":{"phoneNumbers":[', "]}}"
    full = '{"name":"n","fromDnCriteria":{"phoneNumbers":[' + ",".join(["1"] * 500) + "]}}"
    yield "invalid numbers", CRITERIA, JSON, filled(numbers[0], "1", numbers[1])
    yield "the same number", CRITERIA, JSON, filled(numbers[0], '"+1"', numbers[1])
    yield "different numbers", CRITERIA, JSON, counted(numbers[0], lambda at: f'"+{at}"', numbers[1])
    yield "unknown members", CRITERIA, JSON, counted("{", lambda at: f'"{at}":1', "}")
    yield "the same member", CRITERIA, JSON, filled("{", '"a":1', "}")
    yield "lists in lists", CRITERIA, JSON, filled("", "[", "", "")
    yield "full criteria", CRITERIA_LIST, JSON, filled('{"criteria":[', full, "]}")
    yield "the same name", CRITERIA_LIST, JSON, filled('{"criteria":[', '{"name":"n","delete":true}', "]}")
    yield "empty periods", SCHEDULE, JSON, filled('{"periods":[', "{}", "]}")
    yield "periods of one name", SCHEDULE, JSON, filled(
        '{"periods":[', '{"name":"p","type":"Date","startDate":"2027-01-01"}', "]}")
    yield "excluded days", SCHEDULE, JSON, counted(
        '{"periods":[' + PERIOD, lambda at: f'"{day(at, "-")}"', "]}]}")
    yield "excluded days of a calendar", SCHEDULE + "icalendar/", CALENDAR, counted(
        EVENT, lambda at: day(at, ""), "\nEND:VEVENT\nEND:VCALENDAR\n")
    yield "unclosed events", SCHEDULE + "icalendar/", CALENDAR, filled(
        "BEGIN:VCALENDAR\n", "BEGIN:VEVENT", "", "\n")


SCALARS = ["1", "-1", "1e400", "null", "true", '""', '"x"', '"\\u0000"', '"+1"', '"+3225126777"', '"*"', '"?*"',
           '"User"', '"Time"', '"Specified Only"', '"2027-02-29"', '"2027-01-01"', '"2027-01-01T00:00:00Z"',
           '"25:00"', '"8:00"', '"Recurrence"', '"FREQ=DAILY"', '"FREQ=YEARLY;BYDAY=-53TU;COUNT=9999"',
           '"FREQ=MONTHLY;BYSETPOS=-1"']
MEMBERS = ["criteria", "name", "newName", "active", "delete", "fromDnCriteria", "selection", "phoneNumbers",
           "includeAnonymousCallers", "timeSchedule", "holidaySchedule", "level", "type", "periods", "startDate",
           "stopDate", "startTime", "stopTime", "dayOfWeek", "dayOfMonth", "rule", "exceptDates", "__proto__"]
LINES = ["BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "SUMMARY:e", " folded", "UID:1",
         "DURATION:P1D", "DTSTART;VALUE=DATE:20270101", "DTSTART:20270101T000000Z", "DTEND:20270102T235959",
         "RRULE:FREQ=DAILY;COUNT=5", "RRULE:FREQ=YEARLY;BYEASTER=0",
         "RDATE:20270103,20270104", "EXDATE:20270101", "RECURRENCE-ID:20270101", "X", "é:"]


def value(chance, depth):
    """A random JSON value, mostly one that some member takes."""
    kind = chance.random() if depth else 1
    if kind < 0.3:
        return "[" + ",".join(value(chance, depth - 1) for _ in range(chance.randrange(5))) + "]"
    if kind < 0.6:
        members = (f'"{chance.choice(MEMBERS)}":' + value(chance, depth - 1) for _ in range(chance.randrange(6)))
        return "{" + ",".join(members) + "}"
    return chance.choice(SCALARS)


def random_body(chance):
    """A random body of 1 MiB: a list of random items in a place where a list belongs, or a calendar of random lines."""
    path, kind, start, end = chance.choice([
        (CRITERIA_LIST, JSON, '{"criteria":[', "]}"),
        (CRITERIA, JSON, '{"fromDnCriteria":{"phoneNumbers":[', "]}}"),
        (SCHEDULE, JSON, '{"periods":[', "]}"),
        (SCHEDULE, JSON, '{"periods":[' + PERIOD, "]}]}"),
        (SCHEDULE + "icalendar/", CALENDAR, "BEGIN:VCALENDAR\n", "\nEND:VCALENDAR\n"),
    ])
    items, length = [], len(start) + len(end)
    kinds = 1 << chance.randrange(10)
    if kind == CALENDAR:
        drawn = ["\n".join(chance.choice(LINES) for _ in range(chance.randrange(1, 12))) for _ in range(kinds)]
    else:
        drawn = [value(chance, chance.randrange(4)) for _ in range(kinds)]
    while length < MIB - 8192:
        items.append(chance.choice(drawn))
        length += len(items[-1].encode()) + 1
    return path, kind, (start + ("\n" if kind == CALENDAR else ",").join(items) + end).encode()


def random_bodies(server):
    """Random bodies one after the other. ABUSE_SEED draws the same again, ABUSE_BODIES sets their number."""
    seed = int(os.environ.get("ABUSE_SEED", random.randrange(1 << 32)))
    count = int(os.environ.get("ABUSE_BODIES", "20"))
    chance, costs = random.Random(seed), [0.0]
    server.ask("POST", SCHEDULES, {"name": "abuse"})
    for number in range(count):
        path, kind, body = random_body(chance)
        before = server.cpu()
        status, answer = server.ask("PUT", path, body, kind=kind)
        costs.append(server.cpu() - before)
        what = f"random body {number} of seed {seed}"
        check(status in (200, 400, 404, 409), f"{what}: {status} {answer[:200]!r}")
        check(costs[-1] < BODY_CPU, f"{what}: {len(body)} bytes for {path} cost {costs[-1]:.2f} s of CPU")
        check(len(answer) < MIB, f"{what}: the answer has {len(answer)} bytes")
    return f"{count} random bodies of seed {seed} cost at most {max(costs) * 1000:.0f} ms of CPU each"


def attack(server):
    """Sends each body alone to measure its cost, then all of them twice at the same time."""
    server.ask("POST", SCHEDULES, {"name": "abuse"})
    worst = 0.0, "none"
    for name, path, kind, body in bodies():
        before = server.cpu()
        status, answer = server.ask("PUT", path, body, kind=kind)
        cost = server.cpu() - before
        worst = max(worst, (cost, name))
        if os.environ.get("ABUSE_COSTS"):
            print(f"  {name}: {status}, {cost * 1000:.0f} ms")
        check(status in (400, 404), f"{name}: {status} {answer[:200]!r}")
        check(cost < BODY_CPU, f"{name}: {len(body)} bytes cost {cost:.2f} s of CPU, at most {BODY_CPU} s")
        check(len(answer) < MIB // 2, f"{name}: the answer has {len(answer)} bytes")
    twice = list(bodies()) * 2
    at_once(len(twice), lambda at: server.ask("PUT", twice[at][1], twice[at][3], kind=twice[at][2]))
    return f"the most expensive body of 1 MiB cost {worst[0] * 1000:.0f} ms of CPU ({worst[1]}, debug build)"
