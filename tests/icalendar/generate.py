"""Calendars in the odd forms that published files have: each is one that an independent reader can read.

A file is made of its number alone, so that one that differs can be made again. What readers are known to take in
another way than the contract has it is not made (see README.md beside this file).
"""

import datetime
import random
from collections.abc import Callable

ZONES = ["UTC", "Europe/Brussels", "Europe/London", "America/New_York", "Asia/Tokyo", "Australia/Sydney"]
"""Where the owners of the schedules are."""
ALIASES = {
    "Europe/Brussels": ["Europe/Paris", "Europe/Amsterdam"],
    "America/New_York": ["US/Eastern", "America/Toronto"],
    "Asia/Tokyo": ["Japan"],
    "Europe/London": ["GB"],
}
"""Zones whose clocks show the same."""
WINDOWS = {"Europe/Brussels": "Romance Standard Time", "America/New_York": "Eastern Standard Time"}
"""What Outlook calls the zones, with their rules in `VTIMEZONE`."""
TRANSITIONS = {
    "Europe/Brussels": ("+0100", "+0200", "-1SU;BYMONTH=3", "020000", "-1SU;BYMONTH=10", "030000"),
    "America/New_York": ("-0500", "-0400", "2SU;BYMONTH=3", "020000", "1SU;BYMONTH=11", "020000"),
}
PRODUCERS = [
    ["PRODID:-//Google Inc//Google Calendar 70.9054//EN", "VERSION:2.0", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"],
    ["PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN", "VERSION:2.0", "METHOD:PUBLISH"],
    ["METHOD:PUBLISH", "VERSION:2.0", "X-WR-CALNAME:Feiertage", "PRODID:-//Apple Inc.//macOS 14.5//EN"],
    ["PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN", "VERSION:2.0"],
    ["VERSION:2.0", "PRODID:-//Office Holidays Ltd.//EN", "X-PUBLISHED-TTL:P1W", "REFRESH-INTERVAL;VALUE=DURATION:P1W"],
    ["VERSION:2.0", "PRODID:-//gov.example//bank-holidays//EN", "CALSCALE:GREGORIAN", "X-WR-CALDESC:Bank holidays"],
]
SUMMARIES = ["Noël", "Christmas Day", "New Year's Day (observed)", "Ostermontag", "Fête du Travail / Dag van de Arbeid"]
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def basic(day: datetime.date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def stamp(time: datetime.datetime) -> str:
    return f"{basic(time)}T{time.hour:02}{time.minute:02}{time.second:02}"


class Generator:
    """Makes the calendar of a number."""

    def __init__(self, number: int) -> None:
        self.random = random.Random(f"icalendar {number}")
        self.zone = self.random.choice(ZONES)
        self.shown_in_owner_zone = self.random.random() < 0.15
        self.needs_outlook_zone = False

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, *values: object) -> object:
        return self.random.choice(values)

    def day(self, first: int = 2024, last: int = 2029) -> datetime.date:
        start = datetime.date(first, 1, 1)
        return start + datetime.timedelta(self.random.randrange((datetime.date(last, 12, 31) - start).days + 1))

    # Whole days

    def whole_day(self, day: datetime.date, days: int) -> list[str]:
        end = day + datetime.timedelta(days)
        forms: list[Callable[[], list[str]]] = [
            lambda: [f"DTSTART;VALUE=DATE:{basic(day)}", f"DTEND;VALUE=DATE:{basic(end)}"],
            lambda: [f"DTSTART;VALUE=DATE:{basic(day)}", f"DTEND;VALUE=DATE:{basic(end)}"],
            lambda: [f"DTSTART:{basic(day)}", f"DTEND:{basic(end)}"],
            lambda: [f"DTSTART;VALUE=DATE:{basic(day)}", f"DURATION:P{days}D"],
            lambda: [f"dtstart;value=date:{basic(day)}", f"duration:PT{24 * days}H"],
            lambda: [f"DTSTART;VALUE=DATE:{basic(day)}T000000Z", f"DTEND;VALUE=DATE:{basic(end)}T000000Z"],
            lambda: [f"DTSTART;VALUE=DATE:{basic(day)}", f"DTEND:{self.last_second(end)}"],
            lambda: self.midnights(day, end),
            lambda: self.midnights(day, end),
        ]
        if days == 1:
            forms += [
                lambda: [f"DTSTART;VALUE=DATE:{basic(day)}"],
                lambda: [f"DTSTART;VALUE=DATE:{basic(day)}", f"DTEND;VALUE=DATE:{basic(day)}"],
                lambda: [f"DTSTART:{basic(day)}T000000"],
                lambda: [f"DTSTART:{basic(day)}T000000", f"DTEND:{basic(day)}T000000"],
                lambda: [f"DTSTART;VALUE=DATE:{basic(day)}", "DURATION:P0D"],
            ]
        if days == 7:
            forms.append(lambda: [f"DTSTART;VALUE=DATE:{basic(day)}", "DURATION:P1W"])
        return self.random.choice(forms)()

    def last_second(self, end: datetime.date) -> str:
        return f"{basic(end - datetime.timedelta(1))}T{self.pick('235959', '235900')}"

    def midnights(self, day: datetime.date, end: datetime.date) -> list[str]:
        """Whole days as times: of everybody, of a zone, in UTC."""
        outlook = WINDOWS.get(self.zone)
        if outlook and self.chance(0.3):
            self.needs_outlook_zone = True
            prefix, suffix = f';TZID={self.pick(outlook, f"{chr(34)}{outlook}{chr(34)}")}', ""
        else:
            prefix, suffix = self.pick(("", ""), ("", "Z"), (f";TZID={self.pick(*ZONES)}", ""), (";TZID=Nowhere", ""))
        if suffix and self.shown_in_owner_zone:
            prefix, suffix = f";TZID={self.zone}", ""
        start = f"{basic(day)}T{self.pick('000000', '000000', '000001')}"
        last = self.pick(f"{basic(end)}T000000", self.last_second(end))
        return [f"DTSTART{prefix}:{start}{suffix}", f"DTEND{prefix}:{last}{suffix}"]

    # Parts of days

    def part_of_day(self, day: datetime.date) -> list[str]:
        aliases = ALIASES.get(self.zone, []) if day.year > 2000 else []
        start = datetime.datetime.combine(day, datetime.time(self.random.randrange(24), self.pick(0, 15, 30, 45)))
        minutes = self.pick(30, 60, 90, 8 * 60, 10 * 60, 30 * 60, 50 * 60 + 15)
        end = start + datetime.timedelta(minutes=minutes)
        prefix = self.pick("", "", f";TZID={self.zone}", f";TZID={self.pick(self.zone, *aliases)}")
        suffix = "Z" if self.zone == "UTC" and not prefix and self.chance(0.3) else ""
        if self.chance(0.2):
            end = end.replace(second=0) - datetime.timedelta(seconds=1)
        length = [f"DTEND{prefix}:{stamp(end)}{suffix}"]
        if self.chance(0.2) and end.second == 0:
            length = [f"DURATION:PT{minutes // 60}H{minutes % 60}M"]
        if self.chance(0.05):
            length = []
        return [f"DTSTART{prefix}:{stamp(start)}{suffix}", *length]

    # Rules

    def rule(self, day: datetime.date, start: str, whole: bool, naive: bool, several_days: bool) -> str:
        midnight = "000001" not in start
        nth = (day.day - 1) // 7 + 1
        weekday = DAYS[day.weekday()]
        month = f"BYMONTH={day.month}"
        rule = self.pick(
            "FREQ=YEARLY",
            "FREQ=YEARLY",
            "FREQ=YEARLY",
            f"FREQ=YEARLY;{month};BYMONTHDAY={day.day}",
            f"FREQ=YEARLY;{month}",
            f"FREQ=YEARLY;{month};BYDAY={min(nth, 4)}{weekday}",
            f"FREQ=YEARLY;{month};BYDAY={self.pick(-1, -2)}{self.pick(*DAYS)}",
            f"FREQ=YEARLY;{month};BYDAY={weekday};BYMONTHDAY={','.join(str(day) for day in range(15, 22))}",
            f"FREQ=YEARLY;BYMONTH={self.pick('3,9', '1,12', '2')};BYDAY=2SU",
            f"FREQ=YEARLY;BYMONTH={self.pick('2,3', '12,1')};BYMONTHDAY={self.pick('28', '29', '1,31')}",
            f"FREQ=YEARLY;BYYEARDAY={self.pick('1', '59', '60', '-1', '100,200')}",
            f"FREQ=YEARLY;BYWEEKNO={self.pick(1, 20, 53)};BYDAY={weekday}",
            f"FREQ=YEARLY;BYDAY={self.pick(1, 20, -1)}{weekday}",
            "FREQ=MONTHLY",
            f"FREQ=MONTHLY;BYMONTHDAY={self.pick('1', '15', '31', '-1', '1,15', '27')}",
            f"FREQ=MONTHLY;BYDAY={self.pick(1, 2, 4, 5, -1, -4)}{weekday}",
            f"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS={self.pick(1, -1)}",
            "FREQ=WEEKLY",
            f"FREQ=WEEKLY;BYDAY={self.pick('MO,FR', 'SA,SU', weekday)}",
            f"FREQ=WEEKLY;WKST={self.pick('SU', 'MO')};BYDAY={self.pick('TU,SU', 'MO,SA', weekday)}",
            "FREQ=DAILY",
            f"FREQ=DAILY;BYMONTH={self.pick('12', '7,8')}",
        )
        if self.chance(0.25):
            rule += f";INTERVAL={self.pick(1, 2, 3, 5)}"
        kind = self.random.random()
        single_days = ("MONTHLY", "DAILY;BYMONTH", "BYWEEKNO", "BYYEARDAY", "Y;BYDAY")
        if several_days and any(part in rule for part in single_days):
            # Said day by day, so that there must be an end of them.
            kind *= 0.25
        if kind < 0.25:
            rule += f";COUNT={self.pick(1, 2, 3, 5, 10, 30)}"
        elif kind < 0.55:
            rule += f";UNTIL={self.until(day, whole, naive, midnight)}"
        if self.chance(0.2) and "T" not in rule.partition("UNTIL=")[2].partition(";")[0]:
            rule = rule.lower()
        return "RRULE:" + rule + self.pick("", "", "", ";")

    def until(self, day: datetime.date, whole: bool, naive: bool, midnight: bool) -> str:
        last = day + datetime.timedelta(self.pick(-1, 0, 1, 7, 30, 365, 366, 731, 2000))
        if not whole:
            # As a day it says something else to each reader.
            return f"{basic(last)}T235959" if naive else f"{basic(last + datetime.timedelta(2))}T120000Z"
        if not naive:
            return f"{basic(last)}T120000Z"
        return self.pick(basic(last), f"{basic(last)}T{'00' if midnight else '23'}0000", f"{basic(last)}T120000Z")

    # Events

    def event(self, number: int) -> list[str]:
        whole = self.chance(0.85)
        early = self.chance(0.05)
        day = self.day(1950, 1975) if early else self.day()
        days = self.pick(1, 1, 1, 1, 1, 2, 2, 3, 5, 7, 14)
        when = self.whole_day(day, days) if whole else self.part_of_day(day)
        naive = "TZID" not in when[0] and not when[0].endswith("Z")
        form = "".join(when)
        if self.shown_in_owner_zone and "T" in form.replace("DTSTART", "").replace("DTEND", ""):
            naive = False
        lines = [f"UID:{number}@{self.pick('google.com', 'example.com')}", "DTSTAMP:20260101T000000Z"]
        lines += when
        lines += self.texts()
        recurs = early or self.chance(0.45)
        others: list[list[str]] = []
        if recurs:
            lines.append(self.rule(day, when[0], whole, naive, days > 1 or not whole))
        if self.chance(0.15):
            lines += self.more(day, when[0])
        if recurs and self.chance(0.3):
            lines += self.except_days(day, when[0])
        if recurs and self.chance(0.2):
            others += self.instances(number, day, when[0], whole)
        self.random.shuffle(lines)
        alarm = ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:x", "END:VALARM"]
        lines += alarm if self.chance(0.1) else []
        if self.chance(0.05) and not early:
            # The same event again, older or newer.
            again = [f"UID:{number}@example.org", "DTSTAMP:20260101T000000Z"]
            new = self.whole_day(self.day(), 1)
            others += [[*again, *when, f"SEQUENCE:{self.pick(0, 1)}"], [*again, *new, f"SEQUENCE:{self.pick(0, 1, 2)}"]]
        events = [lines, *others]
        return [line for event in events for line in ["BEGIN:VEVENT", *event, "END:VEVENT"]]

    @staticmethod
    def like(start: str, day: datetime.date) -> tuple[str, str]:
        """The parameters of a start, and `day` at its time."""
        name, value = start.split(":", 1)
        parameters = name[len("DTSTART") :]
        time = value[8:]
        return parameters, f"{basic(day)}{time}"

    def others(self, day: datetime.date) -> datetime.date:
        """A day on which a rule may be."""
        try:
            later = day.replace(year=day.year + self.pick(0, 1, 2, 3))
        except ValueError:
            later = day
        return self.pick(later, later, day + datetime.timedelta(self.pick(1, 7, 14, 28)))

    def more(self, day: datetime.date, start: str) -> list[str]:
        count = self.pick(1, 3)
        made = [self.like(start, self.others(day) + datetime.timedelta(self.pick(0, 1, 5))) for _ in range(count)]
        parameters = made[0][0]
        if self.chance(0.3):
            return [f"RDATE{parameters}:{value}" for _, value in made]
        return [f"RDATE{parameters}:" + ",".join(value for _, value in made)]

    def except_days(self, day: datetime.date, start: str) -> list[str]:
        days = [self.others(day) for _ in range(self.pick(1, 1, 2, 4))]
        made = [self.like(start, day) for day in days]
        parameters = made[0][0]
        forms = [
            [f"EXDATE{parameters}:" + ",".join(value for _, value in made)],
            [f"EXDATE{parameters}:{value}" for _, value in made],
            ["EXDATE;VALUE=DATE:" + ",".join(basic(day) for day in days)],
        ]
        if "T" not in start.split(":")[1]:
            forms.append([f"EXDATE:{basic(day)}T000000" for day in days])
        return self.random.choice(forms)

    def instances(self, number: int, day: datetime.date, start: str, whole: bool) -> list[list[str]]:
        moved = []
        for sequence in range(self.pick(1, 1, 2)):
            where = self.others(day)
            parameters, value = self.like(start, where)
            to = where + datetime.timedelta(self.pick(-1, 0, 1, 3))
            when = self.whole_day(to, self.pick(1, 1, 2)) if whole else self.part_of_day(to)
            lines = [f"UID:{number}@moved", "DTSTAMP:20260101T000000Z", f"RECURRENCE-ID{parameters}:{value}", *when]
            moved.append([*lines, *([f"SEQUENCE:{sequence}"] if self.chance(0.5) else [])])
        return moved

    def texts(self) -> list[str]:
        summary = self.random.choice(SUMMARIES).replace(",", "\\,")
        language = self.pick("", ";LANGUAGE=fr", ';X-A="a;b:c"')
        lines = [f"SUMMARY{language}:{summary}"]
        lines += self.pick(
            [],
            [],
            ["DESCRIPTION:Public holiday\\, offices are closed", "TRANSP:TRANSPARENT", "CLASS:PUBLIC"],
            ["X-MICROSOFT-CDO-ALLDAYEVENT:TRUE", "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "PRIORITY:5"],
            ["CATEGORIES:Holidays,Feiertage", "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC", "URL;VALUE=URI:https://a/"],
            ["DESCRIPTION:" + "A long description that somebody has to fold somewhere. " * 3, "STATUS:CONFIRMED"],
            ["DESCRIPTION:Offices are closed.\nSee the intranet for details\n\nThank you"],
            ['ATTENDEE;CN="Noël, Père";ROLE=REQ-PARTICIPANT:mailto:noel@example.com', "LOCATION:België"],
        )
        return lines

    # Calendars

    def zone_component(self) -> list[str]:
        standard, daylight, spring, at_spring, autumn, at_autumn = TRANSITIONS[self.zone]
        return [
            "BEGIN:VTIMEZONE",
            f"TZID:{WINDOWS[self.zone]}",
            "BEGIN:STANDARD",
            f"DTSTART:16010101T{at_autumn}",
            f"RRULE:FREQ=YEARLY;BYDAY={autumn}",
            f"TZOFFSETFROM:{daylight}",
            f"TZOFFSETTO:{standard}",
            "END:STANDARD",
            "BEGIN:DAYLIGHT",
            f"DTSTART:16010101T{at_spring}",
            f"RRULE:FREQ=YEARLY;BYDAY={spring}",
            f"TZOFFSETFROM:{standard}",
            f"TZOFFSETTO:{daylight}",
            "END:DAYLIGHT",
            "END:VTIMEZONE",
        ]

    def folded(self, line: str) -> list[str]:
        """A line as programs fold it, well and badly."""
        if "\n" in line or not (len(line) > 70 or self.chance(0.1)):
            return line.split("\n")
        width = self.pick(20, 60, 73, 74)
        parts = [line[at : at + width] for at in range(0, len(line), width)]
        start = self.pick(" ", " ", "\t")
        blank = [""] if self.chance(0.05) else []
        return [parts[0], *(line for part in parts[1:] for line in [*blank, start + part])]

    def calendar(self) -> bytes:
        events = [self.event(number) for number in range(self.pick(1, 2, 2, 3, 5))]
        lines = ["BEGIN:VCALENDAR", *self.random.choice(PRODUCERS)]
        if self.shown_in_owner_zone:
            lines.append(f"X-WR-TIMEZONE:{self.zone}")
        if self.needs_outlook_zone:
            lines += self.zone_component()
        if self.chance(0.1):
            lines += ["BEGIN:VTODO", "UID:todo", "DTSTART;VALUE=DATE:20260101", "SUMMARY:Not a holiday", "END:VTODO"]
        for event in events:
            lines += event
        if self.chance(0.1):
            lines += ["BEGIN:VJOURNAL", "UID:journal", "DTSTART;VALUE=DATE:20260102", "END:VJOURNAL"]
        lines.append("END:VCALENDAR")
        if self.chance(0.1):
            lines = [line.lower() if line.startswith(("BEGIN", "END:")) else line for line in lines]
        end = self.pick("\r\n", "\r\n", "\n")
        text = end.join(part for line in lines for part in self.folded(line)) + end
        if self.chance(0.1):
            return text.encode("latin-1", "replace")
        return (b"\xef\xbb\xbf" if self.chance(0.1) else b"") + text.encode()


def calendar(number: int) -> tuple[str, bytes]:
    """The zone of the owner and the file of this number."""
    generator = Generator(number)
    return generator.zone, generator.calendar()
