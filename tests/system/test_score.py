"""The scorer of normalization counts as it should, and runs on the shared data."""
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ACCEPT = Path(__file__).resolve().parents[1] / "accept"
SAMPLES = Path(__file__).resolve().parents[1] / "collector/normalize/samples"
sys.path.insert(0, str(ACCEPT))

import oracle_filebeat  # noqa: E402
import scoring  # noqa: E402

# In the place of the program: says that every line came from 192.0.2.1, and forgets the last.
DEAF = """import json, sys
for line in sys.stdin.read().splitlines()[:-1]:
    print(json.dumps({"source.ip": "192.0.2.1", "user.name": ["a", "x"], "soc.parse_status": "ok"}))
"""


def score(*arguments):
    return subprocess.run([sys.executable, str(ACCEPT / "score_normalize.py"), *arguments],
                          capture_output=True, text=True, check=False)


def test_right_wrong_missing_and_lost_are_told_apart(tmp_path, capsys):
    program = tmp_path / "deaf.py"
    program.write_text(DEAF)
    scorer = scoring.Scorer([sys.executable, str(program)])
    wanted = {"source.ip": ["192.0.2.1"], "user.name": ["a"], "url.path": ["/"]}
    scorer.run(scoring.Case([b"one", b"two"], [scoring.Expectation(0, "p", wanted), scoring.Expectation(1, "p", wanted)]))
    counts = scorer.products["p"]
    assert (counts.wanted, counts.found, counts.given, counts.right) == (6, 2, 3, 2)
    assert (scorer.fed, scorer.lost) == (2, 1)
    assert "2 lines in, 1 objects out" in capsys.readouterr().out


@pytest.mark.parametrize("name, one, other, equal", [
    ("@timestamp", "2026-01-01T00:00:00.123456Z", "2026-01-01T07:00:00.123+07:00", True),
    ("@timestamp", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z", False),
    ("source.ip", "2001:DB8::0:1", "2001:db8::1", True),
    ("url.path", "/a%20b", "/a b", True),
    ("user.name", "An", "an", False),
    ("process.pid", 12, "12", True),
])
def test_two_writings_of_one_value_are_equal(name, one, other, equal):
    assert (scoring.plain(name, one) == scoring.plain(name, other)) == equal


def test_the_scorer_runs_on_the_shared_data(program, shared_data):
    result = score("--only", "system/", str(program("soc-collector")), "normalize")
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"^system/auth +200 ", result.stdout, re.M)
    assert re.search(r"^lines: \d+ fed, 0 lost$", result.stdout, re.M)


def test_each_regression_event_is_found_by_its_rule_and_by_no_other_than_the_table_says(program, shared_data):
    result = subprocess.run([sys.executable, str(ACCEPT / "score_detect.py"), "--only", "regression_data",
                             str(program("soc-collector")), "detect"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"^rules: \d{4} loaded, 0 refused", result.stdout, re.M)
    assert re.search(r"^regression matrix +\d{2,} +\d{2,} +1\.000 +1\.000$", result.stdout, re.M), result.stdout


def test_golden_samples_say_only_what_ecs_allows(shared_data):
    allowed = oracle_filebeat.allowed_values(shared_data)
    wrong = []
    for path in sorted(SAMPLES.glob("*/*.json")):
        for document in map(json.loads, path.read_text().splitlines()):
            for name in ("event.kind", "event.category", "event.type", "event.outcome"):
                wrong += [(path.name, name, x) for x in scoring.as_list(document.get(name)) if x not in allowed[name]]
    assert not wrong
