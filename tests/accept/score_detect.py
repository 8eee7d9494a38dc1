#!/usr/bin/env python3
"""score_detect - detection measured against what others expect of the same rules and events

usage: score_detect.py [--misses N] [--only WORD] COMMAND...
   eg: score_detect.py build/collector/soc-collector detect

Reads $SOC_SHARED_DATA (default: shared/data beside the repository): loads all rules; every
regression event's own rule must match; the truth tables say which pairs of rule and event
match; go-sigma's vectors. Prints recall and precision of each, and load and rate.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"Threat Name": "ThreatName", "Source Name": "SourceName"}


def values_of(text):
    """JSON values one behind the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        yield value


class Table:
    """Pairs of rule and event, expected and found."""

    def __init__(self, title):
        self.title, self.right, self.missed, self.wrong, self.events = title, 0, [], [], 0

    def compare(self, where, expected, found):
        self.events += 1
        self.right += len(expected & found)
        self.missed += [(where, rule) for rule in sorted(expected - found)]
        self.wrong += [(where, rule) for rule in sorted(found - expected)]

    def show(self, misses):
        wanted, given = self.right + len(self.missed), self.right + len(self.wrong)
        print(f"{self.title:40} {self.events:7} {wanted:7} {self.right / max(wanted, 1):7.3f} "
              f"{self.right / max(given, 1):7.3f}")
        for kind, pairs in (("missed", self.missed), ("wrong", self.wrong)):
            for where, rule in pairs[:misses]:
                print(f"    {kind} {rule} {where}")


class Program:
    def __init__(self, command, data):
        self.command, self.data = command, data
        self.rules = [x for x in sorted((data / "detect/sigma").glob("rules*"))]

    def options(self, rules):
        return [word for path in rules for word in ("--rules", str(path))]

    def run(self, events, rules=None):
        """The set of rules that match, for each event."""
        text = "".join(json.dumps(event) + "\n" for event in events)
        done = subprocess.run(self.command + self.options(rules or self.rules), input=text, text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(f"score_detect: exit code {done.returncode}: {done.stderr[-2000:]}")
        found = [set() for _ in events]
        for line in done.stdout.splitlines():
            match = json.loads(line)
            found[match["line"] - 1].add(match["rule"])
        return found

    def load(self):
        begin = time.time()
        done = subprocess.run(self.command + self.options(self.rules) + ["--list"], text=True, capture_output=True)
        took, lines = time.time() - begin, done.stdout.splitlines()
        refused = [line for line in lines if line.startswith("refused")]
        print(f"rules: {len(lines) - len(refused)} loaded, {len(refused)} refused, in {took:.2f} s")
        for line in refused:
            print("   ", line)


def regression(program, only):
    base = program.data / "detect/sigma"
    own, table = Table("regression events, their own rule"), Table("regression matrix")
    matrix = json.loads((program.data / "detect/sigma-matrix/regression-matrix.json").read_text())
    events, cases = [], []
    for case in matrix["events"]:
        if only not in case["path"]:
            continue
        values = list(values_of((base / case["path"]).read_text(encoding="utf-8-sig")))
        flat = [x for value in values for x in (value if isinstance(value, list) else [value])]
        events.append(flat[case["index"]])
        cases.append(case)
    evaluated = set(matrix["evaluated_rules"])
    for case, found in zip(cases, program.run(events)):
        where = f"{case['path']}#{case['index']}"
        if case["own_rule"] in case["matches"]:
            own.compare(where, {case["own_rule"]}, found & {case["own_rule"]})
        table.compare(where, set(case["matches"]), found & evaluated)
    return [own, table]


def security_datasets(program, only):
    base = program.data / "logs/security-datasets"
    table = Table("security datasets")
    matrix = json.loads((program.data / "detect/sigma-matrix/security-datasets-matrix.json").read_text())
    evaluated = set(matrix["evaluated_rules"])
    for name, case in matrix["datasets"].items():
        if only not in name:
            continue
        path, member = name.split("!")
        with zipfile.ZipFile(base / path) as archive:
            lines = archive.read(member).decode("utf-8", "replace").splitlines()
        events = []
        for line in lines:
            try:
                events.append(json.loads(line))
            except ValueError:
                continue
        expected = [set() for _ in events]
        for rule, numbers in case["matches"].items():
            for number in numbers:
                expected[number].add(rule)
        for number, found in enumerate(program.run(events)):
            table.compare(f"{member}:{number}", expected[number], found & evaluated)
    return [table]


def web(program, only):
    matrix = json.loads((program.data / "detect/sigma-matrix/web-matrix.json").read_text())
    table, evaluated = Table("web matrix"), set(matrix["evaluated_rules"])
    cases = [case for case in matrix["events"] if only in case["source"]]
    events = [case["fields"] | {"event.original": case["line"]} for case in cases]
    for case, found in zip(cases, program.run(events)):
        table.compare(case["source"], set(case["matches"]), found & evaluated)
    return [table]


def go_sigma(program, only):
    vectors = json.loads(next((program.data / "detect").glob("go-sigma*/vectors.json")).read_text())
    table = Table("go-sigma vectors")
    for case in vectors["cases"]:
        if only not in case["name"]:
            continue
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as rule:
            rule.write("id: it\n" + case["rule_yaml"])
            rule.flush()
            events = case["match"] + case["no_match"]
            for number, found in enumerate(program.run(events, [rule.name])):
                table.compare(f"{case['name']} {number}", {"it"} if number < len(case["match"]) else set(), found)
    return [table]


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1], add_help=False)
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    data = Path(os.environ.get("SOC_SHARED_DATA", ROOT.parent / "shared/data"))
    if not arguments.command or not data.is_dir():
        sys.exit(__doc__)
    program = Program(arguments.command, data)
    program.load()
    print(f"\n{'':40} {'events':>7} {'wanted':>7} {'recall':>7} {'precis.':>7}")
    for oracle in (regression, security_datasets, web, go_sigma):
        for table in oracle(program, arguments.only):
            table.show(arguments.misses)


main()
