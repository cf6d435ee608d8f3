"""What other tools read, held against what they say they read. Usage: formats.py ROOT

SARIF     Microsoft's own validator: the schema of SARIF 2.1.0, and the rules of GitHub's code scanning
GitLab    the fields that GitLab's code quality widget requires
JUnit     parses, and its counts are those of its cases

Each is shown to find a flaw before its silence counts. Exits 77 (skipped) where the validator is not
made for this machine.
"""
import glob
import json
import os
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import jsonschema

# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./|/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def sarif_flaws(tool, path):
    """What the validator finds wrong, without advice: no home page can be told of a local tool."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "flaws.sarif")
        environment = dict(os.environ, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1",
                           DOTNET_BUNDLE_EXTRACT_BASE_DIR=folder, HOME=folder)
        done = subprocess.run([tool, "validate", path, "--rule-kind", "Sarif;Gh", "--level", "Error;Warning",
                               "--output", output], capture_output=True, text=True, env=environment)
        if not os.path.exists(output):
            sys.exit("the validator says nothing:\n" + done.stdout + done.stderr)
        with open(output, encoding="utf-8-sig") as file:
            runs = json.load(file)["runs"]
        return [f"{result['ruleId']} {result['message']}" for run in runs for result in run["results"]
                if result["ruleId"] != "SARIF2005"]


def gitlab_flaws(report):
    flaws = [error.message for error in jsonschema.Draft202012Validator(GITLAB).iter_errors(report)]
    prints = [entry.get("fingerprint") for entry in report]
    return flaws + [f"twice: {each}" for each in set(prints) if prints.count(each) > 1]


def junit_flaws(text):
    flaws = []
    for suite in xml.etree.ElementTree.fromstring(text).iter("testsuite"):
        for name, tag in (("tests", "testcase"), ("failures", "testcase/failure"), ("errors", "testcase/error"),
                          ("skipped", "testcase/skipped")):
            if int(suite.get(name, -1)) != len(suite.findall(tag)):
                flaws.append(f"{suite.get('name')}: {name}={suite.get(name)}, but there are {len(suite.findall(tag))}")
    return flaws


def main():
    root = sys.argv[1]
    tool = os.path.join(root, "deploy/npm/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool")
    if platform.machine() != "x86_64":
        sys.exit(77)
    os.chmod(tool, 0o755)
    golden = os.path.join(root, "tests/golden/render")
    failed = False

    def report(path, flaws):
        nonlocal failed
        for flaw in flaws:
            failed = True
            print(f"{path}: {flaw}")

    found = {ending: sorted(glob.glob(f"{golden}/*.{ending}")) for ending in ("sarif", "gitlab", "junit")}
    assert all(found.values()), f"there are no goldens in {golden}"

    # The validators find what is wrong.
    with open(found["sarif"][0], encoding="utf-8") as file:
        broken = json.load(file)
    broken["runs"][0]["results"] = [{"message": "a string, where an object belongs"}]
    with tempfile.NamedTemporaryFile("w", suffix=".sarif") as file:
        json.dump(broken, file)
        file.flush()
        assert sarif_flaws(tool, file.name), "the validator passes a SARIF file that is wrong"
    assert gitlab_flaws([{"description": "", "location": {"path": "/a", "lines": {"begin": 0}}}])
    assert junit_flaws('<testsuites><testsuite name="a" tests="2"/></testsuites>')

    for path in found["sarif"]:
        report(path, sarif_flaws(tool, path))
    for path in found["gitlab"]:
        with open(path, encoding="utf-8") as file:
            report(path, gitlab_flaws(json.load(file)))
    for path in found["junit"]:
        with open(path, encoding="utf-8") as file:
            report(path, junit_flaws(file.read()))
    sys.exit(failed)


main()
