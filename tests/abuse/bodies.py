"""Request bodies of the maximum size whose validation could be expensive, each with a different fault."""

import os

from server import ATTACKER, MIB, SERVICE, at_once, check

# CPU seconds for a body of 1 MiB in a debug build; a release build needs less than a quarter of it.
BODY_CPU = 1.5
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
