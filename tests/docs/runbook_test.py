#!/usr/bin/env python3
"""Each row of the run book's table of failures names tests, and each of them exists."""
import json
import re
import subprocess
import sys


def rows(path):
    """(line number, cells) of the table whose last column is headed "test"."""
    inside = False
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[-1] == "test":
            inside = True
        elif inside and not set(cells[0]) <= {"-"}:
            yield number, cells


def names_in(program):
    """Suite.Test of every test of a GoogleTest program, those of an instance without its name."""
    if not program.endswith("_test") or program.endswith("_crash_test"):
        return set()
    listing = subprocess.run([program, "--gtest_list_tests"], check=True, capture_output=True, text=True)
    names, suite = set(), ""
    for line in listing.stdout.splitlines():
        word = line.split("#")[0].strip()
        if not line.startswith(" "):
            suite = word.split("/")[-1]
        else:
            names.add(suite + word)
            names.add(suite + word.split("/")[0])  # All values of its parameter.
    return names


def main(runbook, build, ctest):
    listing = subprocess.run(
        [ctest, "--show-only=json-v1"], cwd=build, check=True, capture_output=True, text=True
    ).stdout
    known = set()
    for test in json.loads(listing)["tests"]:
        known |= names_in(test["command"][0])
    wrong, count = [], 0
    for number, cells in rows(runbook):
        count += 1
        names = re.findall(r"`([^`]+)`", cells[-1])
        if not names:
            wrong.append(f"{runbook}:{number}: no test shows this row")
        for name in names:
            if name not in known:
                wrong.append(f"{runbook}:{number}: there is no test {name}")
    if count < 20:
        wrong.append(f"{runbook}: the table of failures has {count} rows")
    print("\n".join(wrong) or f"{count} rows, each with tests that exist")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
