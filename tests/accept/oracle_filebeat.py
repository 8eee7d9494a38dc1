"""oracle_filebeat - the documents Elastic's Filebeat modules make of log files

X.log-expected.json lists documents; log.offset says where in X.log the event starts. Compared
are the fields that scoring.LISTED names. Values that ECS has withdrawn since 2021 are dropped.
"""
import json
import re
from pathlib import Path

from scoring import LISTED, Case, Expectation

# What the module calls by a name of its own and ECS by another, or by none and we by ours.
RENAMED = {
    "system.auth.sudo.command": "process.command_line",
    "system.auth.sudo.pwd": "process.working_directory",
    "system.auth.sudo.user": "user.effective.name",
    "process.ppid": "process.parent.pid",  # ECS's name before 1.10
}
# From GeoIP data, and lists made of other fields.
IGNORED = re.compile(r"(source|destination)\.(geo|as)\.|related\.")
ROOT = "logs/filebeat-modules-apache2/filebeat/module"


def allowed_values(data):
    """event.category, event.type, ... -> values ECS 8 allows, from ecs_flat.yml by its layout."""
    allowed, name, inside = {}, None, False
    for line in next((data / "schema/ecs").rglob("ecs_flat.yml")).read_text().splitlines():
        if line and not line.startswith((" ", "-")):
            name, inside = line.rstrip(":"), False
        elif line.startswith("  allowed_values:"):
            inside = True
        elif inside and re.match(r"  \S", line) and not line.startswith("  -"):
            inside = False
        elif inside and line.startswith("    name: "):
            allowed.setdefault(name, set()).add(line.split(": ", 1)[1])
    return allowed


def values_of(document, allowed):
    values = {}
    for name, value in document.items():
        name = RENAMED.get(name, name)
        if not LISTED.match(name) or IGNORED.match(name):
            continue
        value = value if isinstance(value, list) else [value]
        if name in allowed:
            value = [x for x in value if x in allowed[name]]
        if value:
            values[name] = value
    return values


def zone_of(documents):
    zones = {d["event.timezone"] for d in documents if "event.timezone" in d}
    zone = zones.pop() if len(zones) == 1 else "+00:00"
    return zone if re.fullmatch(r"[+-]\d\d:?\d\d", zone) else "UTC"


def line_at(raw, offset):
    """Index of the line in which the byte stands."""
    return raw.count(b"\n", 0, offset)


def read_case(path, allowed):
    raw = path.read_bytes()
    documents = json.loads(Path(f"{path}-expected.json").read_text())
    product = "/".join(path.parts[-4:-2])
    return Case(
        lines=[x.rstrip(b"\r") for x in raw.removesuffix(b"\n").split(b"\n")],
        expected=[Expectation(line_at(raw, d["log.offset"]), product, values_of(d, allowed)) for d in documents],
        options=("--tz", zone_of(documents)),
        name=str(path),
    )


def cases(data):
    allowed = allowed_values(data)
    for path in sorted((data / ROOT).glob("*/*/test/*.log")):
        if Path(f"{path}-expected.json").exists():
            yield read_case(path, allowed)
