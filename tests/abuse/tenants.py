"""Attacks with a valid token: of an end user, and of the administrator of another tenant."""

import json
import time
from collections import Counter

from server import ATTACKER, MIB, SERVICE, at_once, check

# CPU seconds for a decision in a debug build.
QUESTION_CPU = 0.2
CRITERIA = ATTACKER + SERVICE
SCHEDULES = ATTACKER + "calendar_schedules/"
PASSED = {200, 201, 202, 429, 503}


def rules(kind):
    """Periods with many expensive recurrence rules."""
    year_days = ",".join(map(str, range(1, 367)))
    rule = {
        "set": f"FREQ=YEARLY;BYYEARDAY={year_days};BYSETPOS=366",
        "count": "FREQ=DAILY;INTERVAL=3;BYMONTH=1,2,3,4,5,6;COUNT=20000",
    }[kind]
    period = {"type": "Recurrence", "startDate": "1970-01-01", "rule": rule}
    return [period | {"name": f"p{at}"} for at in range(50)]


def expensive_schedules(server):
    """An end user stores as many expensive schedules and criteria as allowed, then decisions are requested."""
    owner = ("--tenant", "foo", "--group", "foogroup", "--user", "attacker")
    token = server.new_token("end_user", *owner)
    answers = Counter()
    for kind in ("set", "count"):
        for number in range(15):
            body = {"name": f"{kind}{number}", "periods": rules(kind)}
            while (status := server.ask("POST", SCHEDULES, body, token=token)[0]) == 400 and body["periods"]:
                # Halves the number of rules until they are accepted.
                body["periods"] = body["periods"][: len(body["periods"]) // 2]
            answers[status] += 1
    _, listed = server.ask("GET", SCHEDULES, token=token)
    names = [schedule["name"] for schedule in json.loads(listed)["schedules"]]
    criteria = [{
        "name": f"c{at}", "fromDnCriteria": {"selection": "Any"},
        "holidaySchedule": {"level": "User", "name": names[at % len(names)]},
    } for at in range(99)]
    status, answer = server.ask("PUT", CRITERIA, {"criteria": criteria}, token=token)
    check(status in (200, 400), f"the criteria are answered {status} {answer[:200]!r}")
    before, asked = server.cpu(), Counter()
    for at in range(100):
        # A change invalidates the snapshot, so that it is compiled again.
        if at % 20 == 0:
            server.ask("PUT", CRITERIA, {"criteria": [{"name": "c0", "active": at % 40 == 0}]}, token=token)
        question = {"callingNumber": "+3225126777", "at": f"20{20 + at % 70}-06-01T12:00:00Z"}
        asked[server.ask("POST", CRITERIA + "decision/", question)[0]] += 1
    cost = (server.cpu() - before) / 100
    check(set(asked) == {200}, f"decisions are answered {dict(asked)}")
    check(cost < QUESTION_CPU, f"a decision costs {cost * 1000:.0f} ms of CPU")
    gone = [{"name": entry["name"], "delete": True} for entry in criteria]
    server.ask("PUT", CRITERIA, {"criteria": gone}, token=token)
    return f"{dict(answers)} schedules, criteria {status}; a decision cost {cost * 1000:.1f} ms of CPU (debug build)"


def writes_at_once(server):
    """64 clients change the same user with one token."""
    server.ask("POST", "/api/v1/tenants/", {"tenantId": "busy"})
    server.ask("POST", "/api/v1/tenants/busy/groups/", {"groupId": "g"})
    server.ask("POST", "/api/v1/tenants/busy/groups/g/users/", {"userId": "u"})
    token = server.new_token("tenant_admin", "--tenant", "busy")
    ends = time.monotonic() + 5
    answers = Counter()

    def write(number):
        while time.monotonic() < ends:
            body = {"firstName": f"{number} {time.monotonic()}"}
            path = "/api/v1/tenants/busy/groups/g/users/u/"
            answers[server.ask("PUT", path, body, token=token, source="127.0.0.7")[0]] += 1

    at_once(64, write)
    check(set(answers) <= PASSED, f"writes are answered {dict(answers)}")
    check(answers[200] > 0, f"no write is done: {dict(answers)}")
    return f"64 writers were answered {dict(answers)}"


def audit_pages(server):
    """Small changes of a large service, then concurrent requests for large pages of audit events."""
    numbers = [f"+3225{at:06}" for at in range(500)]
    listed = {"selection": "Specified Only", "phoneNumbers": numbers}
    criteria = [{"name": f"large{at}", "fromDnCriteria": listed} for at in range(90)]
    server.ask("PUT", CRITERIA, {"criteria": criteria})
    for at in range(10):
        server.ask("PUT", CRITERIA, {"criteria": [{"name": f"large{at}", "active": False}]})
        change = {"name": f"large{at}", "fromDnCriteria": {"phoneNumbers": numbers[1:]}}
        server.ask("PUT", CRITERIA, {"criteria": [change]})
    before = server.memory()
    pages = at_once(8, lambda _: server.ask("GET", "/api/v1/tenants/foo/audit_events/?limit=1000"))
    grown = server.memory() - before
    check(all(isinstance(page, tuple) and page[0] == 200 for page in pages), f"pages are answered {pages[0][:200]!r}")
    longest = max(len(page[1]) for page in pages)
    check(longest < 8 * MIB, f"a page has {longest} bytes")
    check(grown < 256 * MIB, f"8 pages hold {grown // MIB} MiB")
    server.ask("PUT", CRITERIA, {"criteria": [{"name": entry["name"], "delete": True} for entry in criteria]})
    return f"a page has {longest / MIB:.1f} MiB, and 8 at once held {grown / MIB:.0f} MiB"


def cascade(server):
    """A tenant with 40,000 users is deleted while some of them are changed."""
    server.ask("POST", "/api/v1/tenants/", {"tenantId": "large"})
    server.ask("POST", "/api/v1/tenants/large/groups/", {"groupId": "g"})
    numbered = "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 40000) "
    server.execute(
        "INSERT INTO users (tenant_id, group_id, user_id) " + numbered + "SELECT 'large', 'g', 'u' || n FROM number",
        "INSERT INTO user_services (tenant_id, group_id, user_id, service, revision) "
        + numbered + "SELECT 'large', 'g', 'u' || n, 'selective_call_acceptance', 1 FROM number",
    )
    began, answers = time.monotonic(), Counter()

    def write(number):
        if number == 0:
            return server.ask("DELETE", "/api/v1/tenants/large/?cascade=true")
        time.sleep(0.2)
        path = f"/api/v1/tenants/large/groups/g/users/u{number}/"
        answers[server.ask("PUT", path, {"firstName": "x"}, source="127.0.0.7")[0]] += 1

    deleted = at_once(13, write)[0]
    check(deleted is not None and deleted[0] in (200, 202), f"the deletion is answered {deleted!r:.300}")
    ends = began + 120
    while server.ask("GET", "/api/v1/tenants/large/")[0] != 404 and time.monotonic() < ends:
        time.sleep(0.2)
    took = time.monotonic() - began
    check(took < 120, "the tenant is still there after 120 s")
    check(set(answers) <= PASSED | {404}, f"writes are answered {dict(answers)}")
    return f"40,000 users were gone after {took:.0f} s; 12 writes meanwhile were answered {dict(answers)}"
