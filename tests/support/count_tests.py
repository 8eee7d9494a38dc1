#!/usr/bin/env python3
"""count_tests - how many test cases passed, failed and were skipped

usage: count_tests.py meson BUILDDIR [LOGNAME]
       count_tests.py pytest JUNIT.xml

Prints `passed failed skipped`, for each failure a line `FAIL name` (of Check's also where
and what), and for each test that was skipped a line `SKIP name: why`. A meson test counts by
its cases when it speaks TAP or prints Check's summary, else as one. A program that died after
its cases had passed counts as one failure more.
"""
import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

GOOD = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP"}
# The last line of Check: "87%: Checks: 8, Failures: 1, Errors: 0"
CHECK_SUMMARY = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.M)
# "../tests/common/test_x.c:60:F:case:test_name:0: Assertion ... failed"
CHECK_FAILURE = re.compile(r"^(?:\.\./)*(\S+?):(\d+):[FE]:[^:]*:([^:]+):\d+: (.*)$", re.M)


def case_result(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def last_line(text):
    return ([""] + (text or "").strip().splitlines())[-1]


def count_junit(path):
    counts, said = {"passed": 0, "failed": 0, "skipped": 0}, []
    for case in ET.parse(path).getroot().iter("testcase"):
        result = case_result(case)
        counts[result] += 1
        name = f"{case.get('classname', '')}::{case.get('name', '')}"
        if result == "failed":
            said.append(f"FAIL {name}")
        elif result == "skipped":
            said.append(f"SKIP {name}: {case.find('skipped').get('message', '')}")
    return counts, said


def count_meson(build, log="testlog"):
    logs = Path(build) / "meson-logs"
    cases_of = {}  # test name -> results of its cases
    junit = logs / f"{log}.junit.xml"
    if junit.exists():
        for suite in ET.parse(junit).getroot().iter("testsuite"):
            for case in suite.iter("testcase"):
                # A program with cases is a suite PROJECT.TEST of its own.
                test = suite.get("name", "").partition(".")[2]
                if test:
                    cases_of.setdefault(test, []).append(case)
    counts, said = {"passed": 0, "failed": 0, "skipped": 0}, []
    for line in (logs / f"{log}.json").read_text().splitlines():
        test = json.loads(line)
        name, result = test["name"].split(" / ")[-1], test["result"]
        cases = cases_of.get(name.split(":")[-1], [])
        results = [case_result(case) for case in cases]
        for case, one in zip(cases, results):
            counts[one] += 1
            if one == "failed":
                said.append(f"FAIL {name}: {case.get('name', '')}")
        if not results:
            for checks, wrong, died in CHECK_SUMMARY.findall(test.get("stdout") or ""):
                bad = int(wrong) + int(died)
                results += ["failed"] * bad + ["passed"] * (int(checks) - bad)
            for one in results:
                counts[one] += 1
            if "failed" in results:
                said.append(f"FAIL {name}: {results.count('failed')} of {len(results)}")
                for file, at, test_name, why in CHECK_FAILURE.findall(test.get("stdout") or ""):
                    said.append(f"FAIL   {file}:{at}: {test_name}: {why[:300]}")
        if result in GOOD or result in SKIPPED:
            if not results:
                counts["passed" if result in GOOD else "skipped"] += 1
            if result in SKIPPED:
                said.append(f"SKIP {name}: {last_line(test.get('stdout'))}")
        elif "failed" not in results:
            counts["failed"] += 1
            said.append(f"FAIL {name}: {result}")
    return counts, said


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("meson", "pytest"):
        sys.exit(__doc__)
    count = count_meson if sys.argv[1] == "meson" else count_junit
    counts, said = count(*sys.argv[2:])
    print(counts["passed"], counts["failed"], counts["skipped"])
    for line in said:
        print(line)


if __name__ == "__main__":
    main()
