#!/usr/bin/python3
"""What freeze windows ought to come to, worked out apart from the gate.

  oracle.py zones      every zone, every change of its clocks 2020-2037, windows around and in it
  oracle.py rules N    N random recurrences in random zones
  oracle.py holidays   the federal holidays of the United States, 2015-2040

Zones by Python's zoneinfo over /usr/share/zoneinfo, recurrences by dateutil, holidays by counting
weekdays. One case a line, fields parted by "|"; moments are seconds since 1970.
"""

import datetime
import os
import random
import sys
import zoneinfo

from dateutil.rrule import rrulestr

UTC = datetime.timezone.utc
ZONES = "/usr/share/zoneinfo"
# dateutil searches for a rule's next date up to this year, and there may be none.
datetime.MAXYEAR = 2050
zoneinfo.reset_tzpath(to=[ZONES])


def zone_names():
    names = set()
    with open(os.path.join(ZONES, "tzdata.zi"), encoding="utf-8") as rules:
        for line in rules:
            words = line.split()
            if line.startswith("Z "):
                names.add(words[1])
            elif line.startswith("L "):
                names.add(words[2])
    # Fixed offsets by abbreviation are refused by the gate, as is the zone that has no time.
    return sorted(names - {"EST", "MST", "HST", "Factory"})


def offset(zone, moment):
    return int(datetime.datetime.fromtimestamp(moment, zone).utcoffset().total_seconds())


def edges(zone):
    """(moment, offset before, offset after) of each change of the clocks."""
    step = 86400
    moment = int(datetime.datetime(2020, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime.datetime(2038, 1, 1, tzinfo=UTC).timestamp())
    before = offset(zone, moment)
    while moment < end:
        after = offset(zone, moment + step)
        if after != before:
            low, high = moment, moment + step
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
            yield high, before, after
        moment, before = moment + step, after


def local(seconds):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)


def moment(wall, zone):
    """fold=0: the offset before a gap, the first of two."""
    return int(wall.replace(tzinfo=zone, fold=0).timestamp())


def print_window(name, zone, start, end, duration, edge):
    begin = moment(start, zone)
    finish = begin + duration if duration else moment(end, zone)
    instants = sorted({at + d for at in (edge, begin, finish) for d in (-1, 0, 1)})
    inside = ",".join(f"{at}{'+' if begin <= at < finish else '-'}" for at in instants)
    ends = f"+{duration}" if duration else end.isoformat()
    print(f"{name}|{start.isoformat()}|{ends}|{begin}|{finish}|{inside}")


def print_zones():
    minute, hour = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
    second = datetime.timedelta(seconds=1)
    for name in zone_names():
        zone = zoneinfo.ZoneInfo(name)
        for edge, before, after in edges(zone):
            low = local(edge + min(before, after))
            high = local(edge + max(before, after))
            middle = low + (high - low) / 2
            for start, end in (
                (low - hour, middle),
                (middle, high + hour),
                (low, high),
                (middle - 5 * minute, middle + 5 * minute),
                (low - hour, high + hour),
                (low - second, low + second),
                (high - second, high + second),
                (middle, high),
            ):
                print_window(name, zone, start, end, 0, edge)
            print_window(name, zone, middle, None, 3600, edge)
            print_window(name, zone, low - hour, None, 7200, edge)


WEEKDAYS = "MO TU WE TH FR SA SU".split()


def some(r, values, most):
    return ",".join(str(v) for v in r.sample(values, r.randint(1, most)))


def random_rule(r):
    frequency = r.choice(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    parts = {"FREQ": frequency}
    if r.random() < 0.5:
        parts["INTERVAL"] = str(r.choice([2, 3, 4, 5, 7, 12]))
    if r.random() < 0.3:
        parts["BYMONTH"] = some(r, list(range(1, 13)), 3)
    days = [1, 2, 13, 15, 28, 29, 30, 31, -1, -2, -29, -31]
    ordinals = [o + d for o in ("1", "2", "5", "-1", "-2") for d in WEEKDAYS]
    if frequency in ("DAILY", "WEEKLY"):
        if r.random() < 0.6:
            parts["BYDAY"] = some(r, WEEKDAYS, 4)
    elif r.random() < 0.5:
        # Not both kinds in one rule: there dateutil takes what keeps both, RFC 5545 what keeps one.
        parts["BYDAY"] = some(r, r.choice([ordinals, WEEKDAYS]), 3)
    if frequency != "WEEKLY" and r.random() < 0.35:
        parts["BYMONTHDAY"] = some(r, days, 3)
    if frequency == "YEARLY":
        x = r.random()
        if x < 0.15:
            parts["BYYEARDAY"] = some(r, [1, 59, 60, 100, 200, 365, 366, -1, -306, -366], 3)
        elif x < 0.3:
            parts["BYWEEKNO"] = some(r, [1, 2, 20, 52, 53, -1, -2], 2)
            parts["BYDAY"] = some(r, WEEKDAYS, 3)
        elif x < 0.4 and "BYMONTH" not in parts:
            parts["BYDAY"] = r.choice(["20MO", "53FR", "-1SU", "-10WE", "TU"])
    if r.random() < 0.3 and any(p in parts for p in ("BYDAY", "BYMONTHDAY", "BYYEARDAY")):
        parts["BYSETPOS"] = some(r, [1, 2, 3, -1, -2], 2)
    if r.random() < 0.25:
        parts["WKST"] = r.choice(WEEKDAYS)
    x = r.random()
    if x < 0.2:
        parts["COUNT"] = str(r.randint(1, 80))
    elif x < 0.4:
        parts["UNTIL"] = f"{r.randint(2019, 2036)}{r.randint(1, 12):02}15T120000"
    return ";".join(f"{k}={v}" for k, v in parts.items())


def print_rules(count):
    r = random.Random(20261120)
    names = zone_names()
    printed = 0
    while printed < count:
        rule, name = random_rule(r), r.choice(names)
        zone = zoneinfo.ZoneInfo(name)
        year = r.randint(2012, 2026)
        start = datetime.datetime(year, r.randint(1, 12), r.randint(1, 28), r.randint(0, 23), 30)
        # The start has to keep the rule.
        start = rrulestr(rule, dtstart=start).after(start, inc=True)
        if start is None or start.year > year + 9:
            continue
        # BYSETPOS counts in whole weeks; dateutil leaves out the days before the start in the first.
        parts = dict(part.split("=") for part in rule.split(";"))
        if parts["FREQ"] == "WEEKLY" and "BYSETPOS" in parts:
            if start.weekday() != WEEKDAYS.index(parts.get("WKST", "MO")):
                continue
        since = datetime.datetime(r.randint(year, year + 8), r.randint(1, 12), 1)
        until = since + datetime.timedelta(days=r.choice([10, 100, 800]))
        starts = rrulestr(rule, dtstart=start).between(
            since - datetime.timedelta(days=3), until + datetime.timedelta(days=3), inc=True
        )
        except_ = r.sample(starts, min(len(starts), 3)) if r.random() < 0.3 else []
        length = r.choice([60, 3600, 7200, 86400])
        low, high = moment(since, zone), moment(until, zone)
        want = []
        for at in starts:
            if at in except_:
                continue
            begin, end = moment(at, zone), moment(at + datetime.timedelta(seconds=length), zone)
            if begin < end and begin < high and low < end:
                want.append((begin, end))
        left_out = ",".join(e.isoformat() for e in except_)
        end = start + datetime.timedelta(seconds=length)
        listed = ",".join(f"{b}:{e}" for b, e in sorted(want))
        print(f"{name}|{start.isoformat()}|{end.isoformat()}|{rule}|{left_out}|{low}|{high}|{listed}")
        printed += 1


def nth(year, month, weekday, n):
    """The n-th weekday (Monday is 0) of a month; the last where n is -1."""
    day = datetime.date(year, month, 1)
    days = [day + datetime.timedelta(i) for i in range(31)]
    days = [d for d in days if d.month == month and d.weekday() == weekday]
    return days[n - 1 if n > 0 else n]


def federal_holidays(year):
    fixed = {
        "New Year's Day": (1, 1),
        "Independence Day": (7, 4),
        "Veterans Day": (11, 11),
        "Christmas Day": (12, 25),
    }
    if year >= 2021:
        fixed["Juneteenth National Independence Day"] = (6, 19)
    for name, (month, day) in fixed.items():
        date = datetime.date(year, month, day)
        yield date, name
        if date.weekday() == 5:
            yield date - datetime.timedelta(1), name + " (observed)"
        if date.weekday() == 6:
            yield date + datetime.timedelta(1), name + " (observed)"
    yield nth(year, 1, 0, 3), "Birthday of Martin Luther King, Jr."
    yield nth(year, 2, 0, 3), "Washington's Birthday"
    yield nth(year, 5, 0, -1), "Memorial Day"
    yield nth(year, 9, 0, 1), "Labor Day"
    yield nth(year, 10, 0, 2), "Columbus Day"
    yield nth(year, 11, 3, 4), "Thanksgiving Day"


def print_holidays():
    found = {h for year in range(2014, 2042) for h in federal_holidays(year)}
    for date, name in sorted(found):
        if 2015 <= date.year <= 2040:
            print(f"{date}|{name}")


if __name__ == "__main__":
    if sys.argv[1] == "zones":
        print_zones()
    elif sys.argv[1] == "rules":
        print_rules(int(sys.argv[2]))
    else:
        print_holidays()
