#!/usr/bin/env python3
"""score_normalize - normalization against what other projects expect of the same lines

usage: score_normalize.py COMMAND... [--misses N] [--only WORD]
   eg: score_normalize.py build/tests/accept/normalize_alone
       score_normalize.py build/soc-collector normalize

Reads $SOC_SHARED_DATA (default ../shared/data), feeds each oracle's lines to COMMAND, and
prints per format how many of the expected values came out equal. Only values this project
has a field for are compared. Not a test that fails: a measure, with its misses (--misses).
"""
import base64
import json
import os
import re
import subprocess
import sys
import urllib.parse
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

FILEBEAT_NAMES = {
    "system.auth.ssh.method": "soc.ssh.method",
    "system.auth.ssh.signature": "soc.ssh.signature",
    "system.auth.sudo.command": "process.command_line",
    "system.auth.sudo.pwd": "process.working_directory",
    "system.auth.sudo.tty": "soc.tty",
    "system.auth.sudo.user": "user.effective.name",
    "apache.error.module": "log.logger",
    "apache.access.ssl.cipher": "tls.cipher",
}
FILEBEAT_IGNORED = re.compile(
    r"input\.|fileset\.|service\.type|related\.|log\.(offset|flags)|event\.(dataset|timezone|module|kind|original)"
    r"|.*\.(geo|as)\.|user_agent\.(name|version|device|os)|nginx\.|url\.extension|destination\.domain"
    r"|tls\.version_protocol|apache\.access|system\.auth\.ssh\.event"
)
FILEBEAT_SETS = [
    # name, files below filebeat/module, --format
    ("filebeat system/auth", "system/auth/test/*.log", "auto"),
    ("filebeat system/syslog", "system/syslog/test/*.log", "auto"),
    ("filebeat nginx/access", "nginx/access/test/*.log", "nginx"),
    ("filebeat nginx/error", "nginx/error/test/*.log", "nginx-error"),
    ("filebeat apache/access", "apache/access/test/*.log", "apache"),
    ("filebeat apache/error", "apache/error/test/*.log", "apache-error"),
]
CROWDSEC_PARSERS = {
    "crowdsecurity/sshd-logs": "crowdsec sshd",
    "crowdsecurity/sshd-success-logs": "crowdsec sshd",
    "crowdsecurity/nginx-logs": "crowdsec nginx",
    "crowdsecurity/apache2-logs": "crowdsec apache",
    "crowdsecurity/iptables-logs": "crowdsec iptables",
}
CROWDSEC_NAMES = {
    ("Meta", "source_ip"): "source.ip",
    ("Meta", "machine"): "host.hostname",
    ("Meta", "user"): "user.name",
    ("Meta", "target_user"): "user.name",
    ("Meta", "http_verb"): "http.request.method",
    ("Meta", "http_status"): "http.response.status_code",
    ("Meta", "http_user_agent"): "user_agent.original",
    ("Parsed", "pid"): "process.pid",
    ("Parsed", "program"): "process.name",
    ("Parsed", "sshd_client_port"): "source.port",
    ("Parsed", "request"): "url.original",
    ("Parsed", "remote_addr"): "source.ip",
    ("Parsed", "remote_user"): "user.name",
    ("Parsed", "body_bytes_sent"): "http.response.body.bytes",
    ("Parsed", "http_version"): "http.version",
    ("Parsed", "http_referer"): "http.request.referrer",
    ("Parsed", "int_eth"): "observer.ingress.interface.name",
    ("Parsed", "src_ip"): "source.ip",
    ("Parsed", "dst_ip"): "destination.ip",
    ("Parsed", "src_port"): "source.port",
    ("Parsed", "dst_port"): "destination.port",
    ("Parsed", "length"): "network.bytes",
    ("Parsed", "proto"): "network.transport",
}
SEVERITY = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
FACILITY = ("kern user mail daemon auth syslog lpr news uucp cron authpriv ftp "
            "ntp audit alert clock local0 local1 local2 local3 local4 local5 local6 local7").split()


class Score:
    def __init__(self, misses, only):
        self.right, self.wrong, self.lines, self.status = Counter(), Counter(), Counter(), {}
        self.misses, self.only, self.shown = misses, only, Counter()

    def line(self, group, made):
        self.lines[group] += 1
        self.status.setdefault(group, Counter())[made.get("soc.parse_status", "?")] += 1

    def value(self, group, name, want, got, context=""):
        if same(name, want, got):
            self.right[group] += 1
            return
        self.wrong[group] += 1
        if self.only in group and self.shown[group] < self.misses:
            self.shown[group] += 1
            print(f"  {group}: {name}: want {want!r} got {got!r}\n      {context[:200]!r}")

    def table(self):
        print(f"{'format':26} {'lines':>6} {'values':>7} {'equal':>7} {'share':>7}  status")
        for group in self.lines:
            right, wrong = self.right[group], self.wrong[group]
            share = 100 * right / (right + wrong) if right + wrong else 100.0
            states = " ".join(f"{k}:{v}" for k, v in sorted(self.status[group].items()))
            print(f"{group:26} {self.lines[group]:6} {right + wrong:7} {right:7} {share:6.1f}%  {states}")


def as_list(value):
    return value if isinstance(value, list) else [value]


def nothing(value):
    return value in (None, "-", "", [])


def same(name, want, got):
    if nothing(want) and nothing(got):
        return True
    if name == "event.type" or name == "event.category":
        # authentication_failure and the like were removed from ECS
        kept = [x for x in as_list(want) if not x.startswith("authentication_")]
        return set(kept) <= set(as_list(got or []))
    if name == "@timestamp":
        return moment(want) == moment(got)
    if name in ("url.path", "url.query") and got is not None:
        return str(want) in (str(got), urllib.parse.unquote(str(got)))
    if name == "network.transport":
        return str(want).lower() == str(got).lower()
    return str(want) == str(got)


def moment(text):
    """Milliseconds since 1970."""
    if text is None:
        return None
    text = re.sub(r"(\.\d{3})\d*", r"\1", text.replace("Z", "+00:00"))
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def ecs_values(data):
    """event.category, type, outcome, kind -> allowed values, out of ecs_flat.yml, by its layout."""
    allowed, field, inside = {}, None, False
    for line in next((data / "schema/ecs").rglob("ecs_flat.yml")).read_text().splitlines():
        if line and not line.startswith((" ", "-")):
            field, inside = line.rstrip(":"), False
        elif line.startswith("  allowed_values:"):
            inside = True
        elif inside and re.match(r"  \S", line) and not line.startswith("  -"):
            inside = False
        elif inside and line.startswith("    name: "):
            allowed.setdefault(field, set()).add(line.split(": ", 1)[1])
    return allowed


def check_ecs(data, root, score):
    """The golden samples say only what ECS allows."""
    allowed = ecs_values(data)
    for path in sorted((root / "tests/collector/normalize/samples").glob("*/*.json")):
        for line in path.read_text().splitlines():
            made = json.loads(line)
            score.line("ECS allowed values", made)
            for name in ("event.kind", "event.category", "event.type", "event.outcome"):
                for value in as_list(made.get(name, [])):
                    score.value("ECS allowed values", "allowed", True, value in allowed[name], f"{path.name}: {name} {value}")


class Normalizer:
    def __init__(self, command):
        self.command = command

    def run(self, lines, *options):
        """One dictionary a line; lines are bytes without a newline."""
        data = b"".join(line + b"\n" for line in lines)
        made = subprocess.run([*self.command, *options], input=data, capture_output=True, check=True)
        out = [json.loads(line) for line in made.stdout.splitlines()]
        if len(out) != len(lines):
            sys.exit(f"{len(lines)} lines in, {len(out)} objects out")
        return out


def score_filebeat(data, normalizer, score):
    root = data / "logs/filebeat-modules-apache2/filebeat/module"
    for group, pattern, name in FILEBEAT_SETS:
        for log in sorted(root.glob(pattern)):
            expected = Path(f"{log}-expected.json")
            if not expected.exists():
                continue
            raw = log.read_bytes()
            wanted = [d for d in json.loads(expected.read_text()) if "multiline" not in d.get("log.flags", [])]
            lines = [raw[d["log.offset"]:].split(b"\n", 1)[0] for d in wanted]
            made = normalizer.run(lines, "--format", name, "--tz", "-02:00")
            for line, want, got in zip(lines, wanted, made):
                score_document(score, group, line, want, got)


def score_document(score, group, line, want, got):
    score.line(group, got)
    for name, value in want.items():
        if FILEBEAT_IGNORED.match(name):
            continue
        if name == "@timestamp" and "system" in group:
            continue  # no year in the line
        name = FILEBEAT_NAMES.get(name, name)
        mine = got.get(name)
        if name == "source.address" and mine is None:
            mine = got.get("source.ip")  # not written twice when it is an address
        score.value(group, name, value, mine, line.decode(errors="replace"))


ASSERT = re.compile(r'results\["s01-parse"\]\["([^"]+)"\]\[(\d+)\]\.Evt\.(\w+)\["([^"]+)"\] == (".*")$')
SUCCESS = re.compile(r'results\["s01-parse"\]\["([^"]+)"\]\[(\d+)\]\.Success == (true|false)$')


def read_asserts(path):
    """(parser, index) -> {(kind, name): value} of successful entries."""
    entries, good = {}, set()
    for text in path.read_text(errors="replace").splitlines():
        found = ASSERT.match(text)
        if found:
            parser, index, kind, name, value = found.groups()
            try:
                entries.setdefault((parser, int(index)), {})[kind, name] = json.loads(value)
            except ValueError:
                pass
        found = SUCCESS.match(text)
        if found and found.group(3) == "true":
            good.add((found.group(1), int(found.group(2))))
    return {key: value for key, value in entries.items() if key in good}


def score_crowdsec(data, normalizer, score):
    for path in sorted((data / "logs/crowdsec-hub/tests").glob("*/parser.assert")):
        entries = read_asserts(path)
        lines = [line for log in path.parent.glob("*.log") for line in log.read_bytes().splitlines()]
        for (parser, _), values in sorted(entries.items()):
            group = CROWDSEC_PARSERS.get(parser)
            message = values.get(("Parsed", "message"), "")
            line = next((x for x in lines if message and message.encode() in x), None)
            if group is None or line is None:
                continue
            name = {"crowdsec nginx": "nginx", "crowdsec apache": "apache"}.get(group, "auto")
            got = normalizer.run([line], "--format", name)[0]
            score.line(group, got)
            for key, want in values.items():
                ours = CROWDSEC_NAMES.get(key)
                if ours and not (key == ("Parsed", "program") and "ssh" not in group):
                    score.value(group, ours, want, got.get(ours), line.decode(errors="replace"))


def structured_data(text):
    """What a reader makes of log.syslog.structured_data."""
    if text is None:
        return None
    elements = {}
    for element in re.finditer(r'\[([^\s=\]"]+)((?: [^\s=\]"]+= *"(?:\\.|[^"\\\]])*")*)\]', text):
        pairs = re.findall(r' ([^\s=\]"]+)= *"((?:\\.|[^"\\\]])*)"', element.group(2))
        elements[element.group(1)] = {k: re.sub(r'\\(["\\\]])', r"\1", v) for k, v in pairs}
    return elements


def score_go_syslog(data, normalizer, score):
    names = {
        "priority": "log.syslog.priority", "facility": "log.syslog.facility.code",
        "severity": "log.syslog.severity.code", "version": "log.syslog.version",
        "timestamp": "@timestamp", "hostname": "host.hostname", "appname": "process.name",
        "msgID": "log.syslog.msgid", "message": "message",
    }
    cases = json.loads((data / "logs/syslog-vectors-go-syslog/rfc5424.json").read_text())["cases"]
    for case in cases:
        raw = base64.b64decode(case["input_base64"]) if "input_base64" in case else case["input"].encode()
        if b"\n" in raw:
            continue  # one line is one record here
        got = normalizer.run([raw], "--format", "rfc5424")[0]
        group = "go-syslog valid" if case["valid"] else "go-syslog invalid"
        score.line(group, got)
        if case["valid"]:
            score.value(group, "status", True, got["soc.parse_status"] in ("ok", "partial"), repr(raw))
        elif "UTF-8" not in case["error_go_syslog"] and "duplicate" not in case["error_go_syslog"]:
            # bytes that are no UTF-8 are repaired, not refused
            ok = got.get("soc.parser") != "rfc5424" or got["soc.parse_status"] == "damaged"
            score.value(group, "status", True, ok, repr(raw))
        want = case.get("expected") or case.get("best_effort") or {}
        for name, ours in names.items():
            if name in want and got.get("soc.parser") in (None, "rfc3164") and not case["valid"]:
                continue  # taken for another dialect
            if name in want:
                value, mine = want[name], got.get(ours)
                if name == "message":
                    value, mine = value.lstrip("\ufeff"), (mine or "").replace("\ufffd", "").lstrip("\ufeff")
                    value = value.replace("\ufffd", "").replace("\x80", "")
                score.value(group, ours, value, mine, repr(raw))
        if "procID" in want:
            score.value(group, "procid", want["procID"], str(got.get("process.pid", got.get("log.syslog.procid"))), repr(raw))
        if case["valid"] and "structuredData" in want:
            score.value(group, "structured data", want["structuredData"],
                        structured_data(got.get("log.syslog.structured_data")), repr(raw))


def rsyslog_value(name, got):
    if name == "PRI":
        return got.get("log.syslog.priority", 13)
    if name == "syslogfacility-text":
        return FACILITY[got.get("log.syslog.facility.code", 1)]
    if name in ("syslogseverity-text", "syslogseverity"):
        code = got.get("log.syslog.severity.code", 5)
        return SEVERITY[code] if name.endswith("text") else code
    if name == "hostname":
        return got.get("host.hostname", "$RS_HOSTNAME")
    if name == "programname":
        return got.get("process.name", "")
    if name == "msg":
        return got.get("message", "")
    return None


def score_rsyslog(data, normalizer, score):
    tests = json.loads((data / "logs/rsyslog-parse-vectors/vectors.json").read_text())["tests"]
    for test in tests:
        names = re.findall(r"%([^:%]+)[^%]*%", test["template"].replace("\\n", ""))
        if not test.get("one_line_per_input") or not re.fullmatch(r"(%[^%]+%,?)+", test["template"].replace("\\n", "")):
            continue
        made = normalizer.run([x.encode().split(b"\n")[0] for x in test["inputs"]])
        for raw, line, got in zip(test["inputs"], test["expected_output"], made):
            group = "rsyslog wire vectors"
            score.line(group, got)
            wanted = line.split(",", len(names) - 1)
            for name, want in zip(names, wanted):
                mine = rsyslog_value(name, got)
                if mine is None or "05\"" in raw:
                    continue
                score.value(group, name, want.strip(), str(mine).strip(), raw)


def main():
    arguments, command, misses, only = sys.argv[1:], [], 0, ""
    while arguments:
        word = arguments.pop(0)
        if word == "--misses":
            misses = int(arguments.pop(0))
        elif word == "--only":
            only = arguments.pop(0)
        else:
            command.append(word)
    if not command:
        sys.exit(__doc__)
    root = Path(__file__).resolve().parents[2]
    data = Path(os.environ.get("SOC_SHARED_DATA", root.parent / "shared/data"))
    if not data.is_dir():
        print(f"score_normalize: no data at {data}; set SOC_SHARED_DATA")
        return
    score, normalizer = Score(misses, only), Normalizer(command)
    score_filebeat(data, normalizer, score)
    score_crowdsec(data, normalizer, score)
    score_go_syslog(data, normalizer, score)
    score_rsyslog(data, normalizer, score)
    check_ecs(data, root, score)
    score.table()


if __name__ == "__main__":
    main()
