"""oracle_crowdsec - what the tests of CrowdSec's hub assert of each parsed line

results["STAGE"]["PARSER"][N].Evt.Parsed|Meta["NAME"] == "VALUE". N counts what reached the
parser, not lines: the line is found by Parsed["message"], in order. Their names are grok names
or tags of their own; TABLE gives the ECS field of those that mean one. Where Parsed and Meta
disagree, Meta speaks; the time is compared where the line has a year.

Their names say who is to be banned, ECS's what the line says; MENDED has the places where a
value is not the line's: each with the reason why no reader of the line would expect it.
"""
import json
import re

from scoring import Case, Expectation, moment

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
# The kernel's line is about the program that crashed, which the parser names; the envelope's
# program is the kernel.
OF_PARSER = {
    "crowdsecurity/segfault-logs": {"binary": "process.name", "pid": "process.pid"},
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


def swap_ends(values, line):
    """charon says "sending packet: from OURS[500] to PEER[500]". ECS's source is who sends the
    packet; CrowdSec's source_ip is the peer of either direction. That somebody failed to sign in
    it knows of the line before, which it remembers by the connection's number."""
    if "sending packet: from " not in line:
        return values
    other = {"source": "destination", "destination": "source"}
    ends = {x: ".".join([other[x.split(".")[0]], *x.split(".")[1:]]) for x in values if x.split(".")[0] in other}
    return {ends.get(k, k): v for k, v in values.items() if k not in ("event.category", "event.outcome")}


def without_verdict(values, line):
    """A rule of iptables writes the prefix it was given, and is a LOG rule: without one, nothing
    in the line says that the packet was dropped. CrowdSec takes every such line for a drop."""
    prefix = line.split("IN=")[0].split("] ")[-1] if "] IN=" not in line else ""
    return values if prefix.strip() else {k: v for k, v in values.items() if k != "event.type"}


def of_mail(values, line):
    """In "rejected RCPT <an@example>" the name is the recipient's, in "F=<an@example>" and "sender
    verify fail for <an@example>" the sender's: nobody has signed in, nor failed to; the mail failed."""
    name = values.get("user.name", [""])[0]
    if not name:
        return values
    end = "to" if f"rejected RCPT <{name}>" in line else "from" if f"<{name}>" in line else None
    if end is None:
        return values
    values = {k: v for k, v in values.items() if v != ["authentication"]}
    return {f"email.{end}.address" if k == "user.name" else k: v for k, v in values.items()}


def without_quotes(values, _):
    """"username 'an'": the quotes are the sentence's; their grok keeps them."""
    return {k: [x.strip("'") for x in v] if k == "user.name" else v for k, v in values.items()}


def behind_proxy(values, line):
    """"from 192.0.2.1 (X-Forwarded-For: 203.0.113.9)": who connects is ECS's source, whom the proxy
    says it asks for its client; they have one name for both."""
    if f"(X-Forwarded-For: {values.get('source.ip', ['?'])[0]}" not in line:
        return values
    return {"client.ip" if k == "source.ip" else k: v for k, v in values.items()}


def without_undefined(values, _):
    """JavaScript's word for a value that is not there, like Python's None."""
    return {k: v for k, v in values.items() if v != ["undefined"]}


MENDED = {
    "darkclip/charon-ipsec-logs": swap_ends,
    "crowdsecurity/iptables-logs": without_verdict,
    "crowdsecurity/exim-logs": of_mail,
    "schiz0phr3ne/prowlarr-logs": without_quotes,
    "schiz0phr3ne/radarr-logs": without_quotes,
    "schiz0phr3ne/sonarr-logs": without_quotes,
    "crowdsecurity/sabnzbd-logs": behind_proxy,
    "a1ad/meshcentral-logs": without_undefined,
}


OF_ZONE = {"CET": "+01:00", "CEST": "+02:00"}


def in_zone_of(stamp, line):
    """Where their pattern leaves out the zone that stands behind the time in the line, the
    moment is another one than they say: "2026-03-07 10:00:00.1 +07:00" is not 10:00 UTC."""
    found = re.match(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$", stamp)
    if not found:
        return stamp
    date, time, fraction = found.groups()
    said = re.search(rf"{date}[T ]{time}(?:[.,]\d+)? ?([+-]\d\d:\d\d)", line)
    named = re.search(rf" {time} (CEST|CET) {date[:4]}\b", line)
    zone = said.group(1) if said else OF_ZONE[named.group(1)] if named else "Z"
    return f"{date}T{time}{fraction or ''}{zone}"


def fields_of(parser, entry, line):
    """ECS field -> [value] of one entry."""
    table = SYSLOG if parser in ENVELOPES else PARSED | OF_PARSER.get(parser, {})
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
    if stamp and stamp[:4] in line:
        values["@timestamp"] = [in_zone_of(stamp, line)]
    if values.get("source.domain") == values.get("source.ip"):
        values.pop("source.domain", None)  # an address is no name
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
    mend = MENDED.get(product, lambda values, _: values)
    by_line = {at: mend(values, lines[at].decode(errors="replace")) for at, values in sorted(by_line.items())}
    expected = [Expectation(at, product, values) for at, values in by_line.items() if values]
    compare = {"url.original": same_target, "@timestamp": same_moment}
    return Case(lines, expected, ("--tz", "UTC"), str(folder), compare, IMPLIED)


def same_moment(wanted, given, line):
    """A time without a fraction names a second, in which another stamp of the line may be finer."""
    finer = re.search(r"\.(\d*[1-9])0*(?=Z|[+-])", given)
    if finer and "." not in wanted and re.search(rb"\d[.,]" + finer.group(1).encode(), line):
        given = given[: finer.start()] + given[finer.end() :]
    return moment(wanted) == moment(given)


def same_target(wanted, given, _):
    """http_path stands for the path alone or the whole target; of an absolute one their pattern
    loses the scheme: "//example.com/a"."""
    return wanted in (given, given.split("?")[0], re.sub(r"^https?:(?=//)", "", given))


def cases(data):
    for folder in sorted((data / ROOT).iterdir()):
        case = read_case(folder) if (folder / "config.yaml").is_file() else None
        if case and case.expected:
            yield case
