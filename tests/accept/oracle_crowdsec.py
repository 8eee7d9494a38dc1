"""oracle_crowdsec - what the tests of CrowdSec's hub assert of each parsed line

results["STAGE"]["PARSER"][N].Evt.Parsed|Meta["NAME"] == "VALUE". N counts what reached the
parser, not lines: the line is found by Parsed["message"], in order. Their names are grok names
or tags of their own; TABLE gives the ECS field of those that mean one. Where Parsed and Meta
disagree, Meta speaks; the time is compared where the line has a year.
"""
import json
import re

from scoring import Case, Expectation

ROOT = "logs/crowdsec-hub/tests"
ASSERT = re.compile(r'results\["(s\d\d-\w+)"\]\["([^"]+)"\]\[(\d+)\]\.Evt\.(Parsed|Meta|Enriched)\["([^"]+)"\] == (".*")$')
SUCCESS = re.compile(r'results\["(s\d\d-\w+)"\]\["([^"]+)"\]\[(\d+)\]\.Success == true$')
ENVELOPES = ("crowdsecurity/syslog-logs", "crowdsecurity/docker-logs", "crowdsecurity/cri-logs", "crowdsecurity/non-syslog")
HELPERS = re.compile(r"-enrich$|whitelist|crowdsecurity/(http-logs|geoip|rdns|cdn|seo|public-dns|base-http|nginx-base|auditd-exec|iptables-scan)")

PARSED = {
    "source_ip": "source.ip", "remote_addr": "source.ip", "client_ip": "source.ip", "src_ip": "source.ip",
    "sshd_client_ip": "source.ip", "remote_ip": "source.ip", "dovecot_remote_ip": "source.ip", "cas_client_ip": "source.ip",
    "source_port": "source.port", "src_port": "source.port", "sshd_client_port": "source.port", "client_port": "source.port",
    "remote_port": "source.port",
    "dst_ip": "destination.ip", "dest_ip": "destination.ip", "destination_ip": "destination.ip", "target_ip": "destination.ip",
    "dovecot_local_ip": "destination.ip",
    "dst_port": "destination.port", "dest_port": "destination.port", "destination_port": "destination.port",
    "target_port": "destination.port",
    "username": "user.name", "remote_user": "user.name", "sshd_invalid_user": "user.name", "sshd_auth_user": "user.name",
    "target_user": "user.name", "dovecot_user": "user.name", "pgsql_target_user": "user.name", "source_user": "user.name",
    "verb": "http.request.method", "method": "http.request.method",
    "request": "url.original", "http_version": "http.version", "body_bytes_sent": "http.response.body.bytes",
    "http_referer": "http.request.referrer", "http_user_agent": "user_agent.original",
    "target_fqdn": "url.domain",
}
META = {
    "source_ip": "source.ip", "source_port": "source.port", "dest_ip": "destination.ip", "dest_port": "destination.port",
    "target_port": "destination.port", "source_dns": "source.domain", "source_rdns": "source.domain",
    "username": "user.name", "user": "user.name", "target_user": "user.name", "source_user": "user.name",
    "http_path": "url.original", "http_status": "http.response.status_code", "http_verb": "http.request.method",
    "http_user_agent": "user_agent.original", "target_fqdn": "url.domain", "machine": "host.hostname",
    "rule_name": "rule.name", "suricata_alert_signature_id": "rule.id",
    "exe": "process.executable", "comm": "process.name", "ppid": "process.parent.pid", "pid": "process.pid",
    "uid": "user.id", "euid": "user.effective.id", "auid": "user.audit.id",
}
# Where the same name means something else, or a value our field never has.
NOT_MEANT = {
    ("crowdsecurity/nginx-logs", "target_fqdn"),  # the name of the test's virtual host column
}
SYSLOG = {"logsource": None, "program": "process.name", "pid": "process.pid", "machine": "host.hostname"}
REFUSED = re.compile(r"fail|bad_(user|password|mfa)|invalid_(user|cred)|unauthorized")
ADMITTED = re.compile(r"success")
AUTHENTICATION = re.compile(r"auth|login|password|passwd|bad_user|bad_mfa|mfa|totp|credential|pam", re.I)
# Lists in ECS, of which a tag implies one value: "auth_failed" does not say that a web server or a
# database refused it, nor "pf_drop" that it was a connection.
IMPLIED = frozenset({"event.category", "event.type"})
DROPPED = re.compile(r"^(iptables|pf)_drop$")


def read_asserts(path):
    """(stage, parser, n) -> {(kind, name): value} of entries that succeeded."""
    entries, good = {}, set()
    for text in path.read_text(errors="replace").splitlines():
        found = ASSERT.match(text)
        if found:
            stage, parser, index, kind, name, value = found.groups()
            try:
                entries.setdefault((stage, parser, int(index)), {})[kind, name] = json.loads(value)
            except ValueError:
                pass
        found = SUCCESS.match(text)
        if found:
            good.add((found.group(1), found.group(2), int(found.group(3))))
    return {key: value for key, value in entries.items() if key in good}


def read_config(path):
    """log_file, log_type and the parsers named, of a small YAML file."""
    config, parsers, key = {}, [], None
    for text in path.read_text().splitlines():
        if found := re.match(r"(\w+):\s*(.*)$", text):
            key, config[found.group(1)] = found.group(1), found.group(2).strip("\"' ")
        elif key == "parsers" and (found := re.match(r"\s*-\s*[\"']?([^\"']+)", text)):
            parsers.append(re.sub(r"^\.?/?parsers/s\d\d-\w+/|\.yaml$", "", found.group(1)))
    return config, parsers


def tag_values(meta):
    """What a log_type tag says in words of ECS."""
    tag = " ".join(meta.get(x, "") for x in ("log_type", "log_subtype", "sub_type"))
    values = {}
    if AUTHENTICATION.search(tag) and REFUSED.search(tag):
        values = {"event.category": ["authentication"], "event.outcome": ["failure"]}
    elif AUTHENTICATION.search(tag) and ADMITTED.search(tag):
        values = {"event.category": ["authentication"], "event.outcome": ["success"]}
    elif tag.startswith("http_access-log"):
        values = {"event.category": ["web"]}
    elif DROPPED.search(meta.get("log_type", "")):
        values = {"event.category": ["network"], "event.type": ["denied"]}
    return values


def fields_of(parser, entry, has_year):
    """ECS field -> [value] of one entry."""
    table = SYSLOG if parser in ENVELOPES else PARSED
    values = {}
    for (kind, name), value in entry.items():
        if kind == "Parsed" and table.get(name) and (parser, name) not in NOT_MEANT:
            values[table[name]] = [value]
    meta = {name: value for (kind, name), value in entry.items() if kind == "Meta"}
    for name, value in meta.items():
        if name in META and (parser, name) not in NOT_MEANT:
            values[META[name]] = [value]
    values.update(tag_values(meta))
    stamp = entry.get(("Enriched", "MarshaledTime"))
    if stamp and stamp[:4] in has_year:
        values["@timestamp"] = [stamp]
    return {k: v for k, v in values.items() if v[0] not in ("", "-", "None")}


class Lines:
    """Finds the line an entry speaks of: by its message, each parser going forward."""

    def __init__(self, lines):
        self.lines, self.next = lines, {}

    def find(self, parser, message):
        if not message:
            return None
        wanted = [message.strip().encode(), json.dumps(message.strip(), ensure_ascii=False)[1:-1].encode()]
        start = self.next.get(parser, 0)
        for at in [*range(start, len(self.lines)), *range(start)]:
            if any(x in self.lines[at] for x in wanted):
                self.next[parser] = at + 1
                return at
        return None


def product_of(config, parsers, seen):
    """The parser a test is about."""
    for parser in [*seen, *parsers]:
        if parser not in ENVELOPES and not HELPERS.search(parser):
            return parser
    return "crowdsecurity/syslog-logs" if config.get("log_type") == "syslog" else config.get("log_type", "?")


def read_case(folder):
    config, parsers = read_config(folder / "config.yaml")
    path = folder / config.get("log_file", "")
    if not path.is_file() or not (folder / "parser.assert").is_file():
        return None
    lines = [x.rstrip(b"\r") for x in path.read_bytes().removesuffix(b"\n").split(b"\n")]
    entries = read_asserts(folder / "parser.assert")
    finder, by_line, seen = Lines(lines), {}, {}
    for (stage, parser, _), entry in sorted(entries.items()):
        at = finder.find(f"{stage} {parser}", entry.get(("Parsed", "message")))
        if at is None or parser == "crowdsecurity/non-syslog":
            continue
        by_line.setdefault(at, {}).update(fields_of(parser, entry, lines[at].decode(errors="replace")))
        if stage != "s02-enrich":
            seen[parser] = True
    product = product_of(config, parsers, seen)
    expected = [Expectation(at, product, values) for at, values in sorted(by_line.items()) if values]
    return Case(lines, expected, ("--tz", "UTC"), str(folder), {"url.original": same_target}, IMPLIED)


def same_target(wanted, given):
    """http_path stands for the path alone or the whole target."""
    return wanted in (given, given.split("?")[0])


def cases(data):
    for folder in sorted((data / ROOT).iterdir()):
        case = read_case(folder) if (folder / "config.yaml").is_file() else None
        if case and case.expected:
            yield case
