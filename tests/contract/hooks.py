"""What schemathesis cannot know from the document.

A request that the schemas allow and the server refuses is a failure, unless the server names one of RULES: the rules
that the document has in words. To add a rule, add the detail of its fault; keep it as narrow as it can be.
"""

import json
import os
import re
import subprocess
from datetime import date

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import Failure

OWN_TOKEN_ID = os.environ["CALL_ACCEPTANCE_TOKEN"].split("_")[1]

RULES = [
    # Rules that depend on another member or parameter.
    r"`\w+` is only for a period of type [\w ]+\.",
    r"`\w+` is required for a period of type [\w ]+\.",
    r"`(start|stop)Time` is required with `(start|stop)Time`\.",
    r"`stopTime` is the same as `startTime`; .*",
    r"`24:00` is the end of a day; .*",
    r"`after` names a level that is not listed here; .*",
    r"`(holiday|time)Schedule` requires a schedule of type \"\w+\"\.",
    r"The scope of the role `\w+` is wider than `\w+`; leave it out\.",
    r"`(tenant|group|user)Id` is required with the role `\w+`( if a member below it is set)?\.",
    r"An earlier period has the same name; names must be unique\.",
    r"An earlier entry names the same criteria; each criteria may be named once in a request\.",
    r"An earlier entry (has the same pattern|is of the same service); each may be in the list once\.",
    r"`sipStatus` is 400 to 699, or 302 with `redirectTo`\.",
    r"`redirectTo` is (required with|only for) `sipStatus` 302\.",
    r"`from` must be before `to`, which is now unless it is given\.",
    r"From `from` to `to` the series would have \d+ entries; it has at most 1500\. .*",
    r"`(criteria|suspendedUntil|outsideSchedules|active)` is unknown here; known members are .*",
    r"\"Forwarded\" is not one of \"Any\", \"Specified Only\"\.",
    # Rules that depend on existing resources, and on the time.
    r"The user \".+\" does not have the service [A-Z][A-Za-z ]+\.",
    r"`expiresAt` is in the past; .*",
    r"There is no schedule \".+\" of type \w+ at the level \w+; create it first\.",
    r"There is no number list \".+\" at the level \w+; create it first\.",
    r"There is no criteria \".+\"; `fromDnCriteria` is required to create it\.",
    r"`selection` is required to create a criteria\.",
    r"`validUntil` is .+, which is not after `validFrom`, .+\.",
    r"`criteria`( or `\w+`)+ is required\.",
    r"There is no criteria \".+\" to rename; `newName` is only for an existing criteria\.",
    # Rules of `format`, which some test cases violate.
    r"\".+ is not valid here\. (.+ )?A (time zone|recurrence rule|region): .*",
    r"\".+ is not valid here\. (.+ )?A (tenant|group|user|criteria|schedule|period)'s (identifier|name): .*",
    r"(\".+ is not valid here\.|The parameter `\w+` is not valid\.) (.+ )?A number list's name: .*",
    r"The parameter `\w+` is not valid\. A ((tenant|group|user|criteria|schedule)'s (identifier|name)|region): .*",
    r".* is not a recurrence rule: .*",
]

USERS = "/api/v1/tenants/foo/groups/foogroup/users/"

# By operation: what nothing refers to and so can be deleted, and how a path names it; what the examples name is in use.
SPARE = {
    "user_delete": (USERS, {"userId": "spare"}, {"user_id": "spare"}),
    "user_time_schedule_delete": (f"{USERS}foouser/time_schedules/", {"name": "spare"}, {"name": "spare"}),
}

# The path parameters of an import that exists; its identifier is not for the document to know.
IMPORT = {"tenant_id": "foo"}

schemathesis.openapi.format("iana-time-zone", st.sampled_from(["Europe/Brussels", "America/New_York", "UTC"]))
schemathesis.openapi.format("iso-3166-1-alpha-2", st.sampled_from(["BE", "US", "SG"]))
schemathesis.openapi.format(
    "rrule",
    st.builds(
        "FREQ={};INTERVAL={}".format, st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]), st.integers(1, 99)
    ),
)


@st.composite
def calendars(draw):
    """An iCalendar stream with whole days, which a calendar schedule can keep."""
    days = draw(st.lists(st.dates(date(1970, 1, 1), date(2199, 12, 31)), max_size=3))
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for number, day in enumerate(days):
        start = f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
        lines += ["BEGIN:VEVENT", f"UID:{number}", f"SUMMARY:Day {number}", start, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


# Files of entries: the patterns differ, since each may be in a file once.
PATTERNS = st.lists(st.from_regex(r"\+?[0-9]{1,15}\*?", fullmatch=True), max_size=5, unique=True)
schemathesis.openapi.media_type(
    "text/csv", PATTERNS.map(lambda patterns: "\r\n".join(["pattern", *patterns, ""]).encode())
)
schemathesis.openapi.media_type(
    "application/x-ndjson",
    PATTERNS.map(lambda patterns: "".join(json.dumps({"pattern": pattern}) + "\n" for pattern in patterns).encode()),
)


@schemathesis.deserializer("text/calendar", "application/x-ndjson")
def text(_context, response):
    """The answer as its schema describes it: a text."""
    return response.content.decode()


@schemathesis.hook
def before_load_schema(_context, document):
    """Makes the example of a calendar a case like others, and closes the open enumerations.

    Beside a strategy schemathesis takes no example that is text. Clients take any value of an open enumeration, the
    server its own.
    """
    for schema in document["components"]["schemas"].values():
        if "x-extensible-enum" in schema:
            schema["enum"] = schema["x-extensible-enum"]
        # It takes a member `pattern` of an example for the keyword.
        if '"pattern"' in json.dumps(schema.get("example")):
            del schema["example"]
    for name in ("NumberListCsv", "NumberListLines", "TenantLines", "ImportLines", "ImportUsers"):
        del document["components"]["schemas"][name]["example"]
    calendar = document["components"]["schemas"]["Icalendar"]
    schemathesis.openapi.media_type("text/calendar", st.just(calendar.pop("example").encode()) | calendars())
    for path in document["paths"].values():
        for operation in path.values():
            for media_type in ("text/calendar", "text/csv", "application/x-ndjson"):
                operation.get("requestBody", {}).get("content", {}).get(media_type, {}).pop("example", None)


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """Sees to it that cases do what they are for, and that the run keeps its token: all that follows would be 401."""
    if operation_id(case) == "token_revoke" and case.path_parameters.get("token_id") == OWN_TOKEN_ID:
        case.path_parameters["token_id"] = "0" * 32
    if phase(case) == "examples" and operation_id(case) in SPARE:
        case.path_parameters.update(SPARE[operation_id(case)][2])
    if operation_id(case) == "imports_create" and case.query:
        # A file that says nothing would remove all that the other cases are about.
        case.query.pop("mode", None)
    if operation_id(case).startswith("import_") and phase(case) != "stateful" and is_valid(case):
        case.path_parameters.update(IMPORT)
    for name in ("If-Match", "If-None-Match"):
        # schemathesis sometimes limits headers to letters and digits, whatever their pattern.
        if is_valid(case) and str(case.headers.get(name, "")).isalnum():
            case.headers[name] = "*"


@schemathesis.hook
def after_call(_context, case, response):
    """Puts back what was deleted. Stateful cases make their own things, and see that they are gone."""
    deleted = case.method == "DELETE" and response.status_code == 200
    if deleted and phase(case) != "stateful":
        fill()


def fill():
    """Writes the demonstration data, which is what the examples are about, and what is spare."""
    subprocess.run([os.environ["CALL_ACCEPTANCE_PROGRAM"], "--log", "warn", "demo"], check=True)
    headers = {"Authorization": f"Bearer {os.environ['CALL_ACCEPTANCE_TOKEN']}"}
    for path, body, _ in SPARE.values():
        answer = requests.post(f"{os.environ['CALL_ACCEPTANCE_URL']}{path}", json=body, headers=headers, timeout=10)
        assert answer.status_code in (201, 409), answer.text
    imports = f"{os.environ['CALL_ACCEPTANCE_URL']}/api/v1/tenants/foo/imports/"
    answer = requests.post(imports, headers=headers | {"Content-Type": "application/x-ndjson"}, timeout=10)
    # A tenant has one import in progress at a time.
    assert answer.status_code in (202, 429), answer.text
    if answer.status_code == 202:
        IMPORT["import_id"] = answer.json()["importId"]


def phase(case):
    return case.meta.phase.name.value if case.meta else None


def operation_id(case):
    return case.operation.definition.raw["operationId"]


def is_valid(case):
    """Whether the case is one that the schemas allow."""
    return case.meta is not None and case.meta.generation.mode.is_positive


class Refused(Failure):
    """The server refused a request that the document allows."""


@schemathesis.check
def valid_requests_are_accepted(_context, response, case):
    """See schemathesis.toml."""
    if not is_valid(case) or response.status_code not in (400, 413, 415):
        return
    faults = response.json().get("errors") or [{"detail": response.json()["detail"]}]
    for fault in faults:
        if not any(re.fullmatch(rule, fault["detail"]) for rule in RULES):
            raise Refused(operation=case.operation.label, title="Valid request refused", message=str(fault))


fill()
