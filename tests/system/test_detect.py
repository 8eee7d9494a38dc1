"""soc-collector detect: events of any writing in, matches out, and what is no event is told."""
import json
import subprocess

import pytest

RULE = "title: simple\nid: s\nlevel: high\ndetection:\n    s: {f: x}\n    condition: s\n"


@pytest.fixture
def detect(program, tmp_path):
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "simple.yml").write_text(RULE)

    def run(text, *options):
        return subprocess.run([str(program("soc-collector")), "detect", "--rules", str(rules), *options],
                              input=text.encode(), capture_output=True, check=False)
    return run


def lines_of(done):
    return [json.loads(line)["line"] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("text, lines", [
    ('{"f":"x"}\n{"f":"y"}\n{"f":"x"}', [1, 3]),
    ('\ufeff{"f":"x"}\n', [1]),
    ('{\n  "a": [\n{"b": 1}\n],\n  "f": "x"\n}\n{"f":"x"}', [1, 7]),
    ('[\n{"f":"x"},\n{"f":"x"}\n]', [1, 1]),
    ('{"f":"x"}{"f":"x"}\r\n\r\n{"f":"x"}', [1, 1, 3]),
])
def test_events_stand_on_lines_over_lines_and_in_lists(detect, text, lines):
    done = detect(text)
    assert done.returncode == 0, done.stderr
    assert lines_of(done) == lines


@pytest.mark.parametrize("bad", ['{"f":"y', '{"f":"y"', 'oops "', "[1]"])
def test_what_is_no_event_takes_no_other_with_it(detect, bad):
    done = detect(f'{bad}\n{{"f":"x"}}\n{{"f":"x"}}\n')
    assert done.returncode == 1
    assert lines_of(done) == [2, 3], done.stderr
    assert b"1 values that are no events" in done.stderr


def test_rules_are_listed_loaded_or_refused(detect, tmp_path):
    (tmp_path / "rules/bad.yml").write_text(RULE.replace("condition: s", "condition: t"))
    (tmp_path / "rules/forged.yml").write_text(RULE.replace("title: simple", 'title: "a\\nloaded b"'))
    done = detect("", "--list")
    words = [line.split()[0] for line in done.stdout.decode().splitlines()]
    assert words == ["refused", "loaded", "loaded"]
    assert b"bad.yml:6:16: condition: there is no search of the name 't'" in done.stderr


@pytest.mark.parametrize("options, said", [
    (["--rules", "{dir}/nowhere"], "--rules {dir}/nowhere: No such file or directory"),
    (["--pipelines", "{dir}/nowhere"], "--pipelines {dir}/nowhere: No such file or directory"),
])
def test_a_mistyped_path_is_no_event_without_attacks(detect, tmp_path, options, said):
    done = detect('{"f":"x"}\n', *(word.format(dir=tmp_path) for word in options))
    assert (done.returncode, done.stdout) == (1, b"")
    assert said.format(dir=tmp_path).encode() in done.stderr


def test_no_rule_at_all_is_a_failure(detect, tmp_path):
    (tmp_path / "rules/simple.yml").write_text("title: no detection\n")
    done = detect('{"f":"x"}\n')
    assert done.returncode == 1
    assert b"soc-collector detect: no rule was loaded" in done.stderr


ACCESS = """title: backup fetched
id: backup
logsource: {category: webserver}
detection:
    s: {cs-uri-stem|endswith: .sql, sc-status: 200, c-ip|cidr: 203.0.113.0/24}
    condition: s
"""
LINES = """192.0.2.4 - - [07/Mar/2026:10:00:00 +0700] "GET / HTTP/1.1" 200 5 "-" "curl/8"
203.0.113.9 - - [07/Mar/2026:10:00:01 +0700] "GET /db.sql HTTP/1.1" 200 5 "-" "curl/8"
203.0.113.9 - - [07/Mar/2026:10:00:02 +0700] "GET /db.sql HTTP/1.1" 404 5 "-" "curl/8"
"""


def test_raw_lines_are_normalized_first(detect, tmp_path):
    (tmp_path / "rules/access.yml").write_text(ACCESS)
    done = detect(LINES, "--normalize", "--strict", "--format", "nginx", "--tz", "UTC", "--year", "2026")
    assert done.returncode == 0, done.stderr
    assert [(x["line"], x["rule"]) for x in map(json.loads, done.stdout.splitlines())] == [(2, "backup")]
    assert b"3 events, 1 matches" in done.stderr


@pytest.mark.parametrize("option, word", [("--tz", "nowhere"), ("--format", "nothing"), ("--year", "x")])
def test_what_is_said_of_lines_is_checked(detect, option, word):
    done = detect(LINES, "--normalize", option, word)
    assert done.returncode == 2
    assert option.encode() in done.stderr


def test_lines_that_cannot_be_read_are_a_failure(detect, tmp_path):
    done = detect("", "--normalize", str(tmp_path))
    assert done.returncode == 1
    assert b"Is a directory" in done.stderr


LISTS = {
    "bad.txt": "evil[.]example\n198.51.100.0/24\nnot one\n",
    "resolvers.json": '{"name": "resolvers", "type": "cidr", "matching_attributes": ["ip-dst"], "list": ["198.51.100.53"]}',
}


def test_indicators_match_with_rules_and_without(program, tmp_path):
    for name, text in LISTS.items():
        (tmp_path / name).write_text(text)
    events = '{"dns.question.name":"a.evil.example"}\n{"source.ip":"198.51.100.7"}\n{"source.ip":"198.51.100.53"}\n'

    def run(*command):
        return subprocess.run([str(program("soc-collector")), *command], input=events.encode(),
                              capture_output=True, check=False)

    done = run("detect", "--indicators", str(tmp_path))
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["line"], one["rule"], one["indicator"], one["type"], one["field"]) for one in found] == [
        (1, "indicator", "evil.example", "domain", "dns.question.name"),
        (2, "indicator", "198.51.100.0/24", "cidr", "source.ip")]
    assert b"1 hits suppressed by warning list: resolvers" in done.stderr
    assert b"bad.txt:3: 'not one': more than one word" in done.stderr
    done = run("indicators", "check", str(tmp_path))
    assert done.returncode == 1  # a line was refused
    assert b"2 indicators, 0 of them suppressed" in done.stdout
    assert run("detect", "--indicators", str(tmp_path / "nowhere")).returncode == 1


CORRELATED = RULE.replace("title: simple\n", "title: simple\nname: simple\n") + """---
title: three by one user
id: three
level: high
correlation:
    type: event_count
    rules: [simple]
    group-by: [user]
    timespan: 1m
    condition: {gte: 3}
"""


def test_what_is_correlated_is_told_once_with_its_lines(detect, tmp_path):
    (tmp_path / "rules/simple.yml").write_text(CORRELATED)
    events = [{"f": "x", "user": user, "@timestamp": f"2026-01-01T00:00:{second:02}Z"}
              for second, user in enumerate(["bob", "eve", "bob", "Bob", "bob", "eve"])]
    done = detect("\n".join(map(json.dumps, events)))
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 1, done.stdout
    assert told[0]["rule"] == "three" and told[0]["correlation"] == "event_count"
    assert told[0]["group"] == {"user": "bob"} and told[0]["count"] == 3
    assert told[0]["lines"] == [1, 3, 4]
    assert told[0]["first"] == "2026-01-01T00:00:00.000Z"
    assert b"1 correlations" in done.stderr
