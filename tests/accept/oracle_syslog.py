"""oracle_syslog - wire messages of the syslog projects rsyslog and go-syslog, and liblognorm's
vectors for fields that are whole line formats (JSON, CEE, CEF, name=value, iptables)
"""
import base64
import json
import re

from scoring import ANY, Case, Expectation

SEVERITIES = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
FACILITIES = ("kern user mail daemon auth syslog lpr news uucp cron authpriv ftp "
              "ntp audit alert clock local0 local1 local2 local3 local4 local5 local6 local7").split()
WHOLE = frozenset(["ok", "partial"])
BROKEN = frozenset(["damaged", "unknown"])

# ---- go-syslog: RFC 5424 ---------------------------------------------------------------------

GO_NAMES = {
    "priority": "log.syslog.priority", "facility": "log.syslog.facility.code", "severity": "log.syslog.severity.code",
    "version": "log.syslog.version", "timestamp": "@timestamp", "hostname": "host.hostname", "appname": "process.name",
    "msgID": "log.syslog.msgid", "message": "message",
}


def elements(text):
    """log.syslog.structured_data as {element: {name: value}}."""
    found = {}
    for part in re.finditer(r'\[([^\s=\]"]+)((?: [^\s=\]"]+= *"(?:\\.|[^"\\\]])*")*)\]', text):
        pairs = re.findall(r' ([^\s=\]"]+)= *"((?:\\.|[^"\\\]])*)"', part.group(2))
        found[part.group(1)] = {k: re.sub(r'\\(["\\\]])', r"\1", v) for k, v in pairs}
    return found


def bare_text(text):
    """Without byte order mark (RFC 5424 §6.4: not part of the text) and what stands for bytes that are no UTF-8."""
    return re.sub("[\ufeff\ufffd\x80]", "", text)


def go_values(wanted):
    values = {ours: [wanted[name]] for name, ours in GO_NAMES.items() if name in wanted}
    if wanted.get("procID"):
        values["process.pid" if wanted["procID"].isdigit() else "log.syslog.procid"] = [wanted["procID"]]
    if wanted.get("structuredData"):
        values["log.syslog.structured_data"] = [wanted["structuredData"]]
    return values


def go_syslog(data):
    compare = {
        "log.syslog.structured_data": lambda wanted, given, _: wanted == elements(given),
        "message": lambda wanted, given, _: bare_text(wanted) == bare_text(given),
    }
    for case in json.loads((data / "logs/syslog-vectors-go-syslog/rfc5424.json").read_text())["cases"]:
        raw = base64.b64decode(case["input_base64"]) if "input_base64" in case else case["input"].encode()
        if b"\n" in raw:
            continue  # a line is a record here
        if case["valid"]:
            expected = Expectation(0, "go-syslog valid", go_values(case["expected"]), WHOLE)
        else:
            # Bytes that are no UTF-8 and repeated parameters are kept, not refused.
            kept = "UTF-8" in case["error_go_syslog"] or "duplicate" in case["error_go_syslog"]
            expected = Expectation(0, "go-syslog invalid", go_values(case["best_effort"] or {}), None if kept else BROKEN)
        yield Case([raw], [expected], ("--format", "rfc5424"), "go-syslog", compare)


# ---- rsyslog: RFC 3164 and its dialects --------------------------------------------------------

# The test escapes 8-bit characters, which rsyslog does on order; or asks for a wrong regular expression.
RSYSLOG_LEFT_OUT = ("8bit_escape", "invld_regex", "defaultTag", "snare_ccoff_udp2")


def rsyslog_value(name, value):
    """Our (field, value) for a property; the field is None when there is none."""
    if name == "PRI":
        return "log.syslog.priority", value
    if name == "syslogfacility-text":
        return "log.syslog.facility.code", str(FACILITIES.index(value))
    if name in ("syslogseverity-text", "syslogseverity"):
        return "log.syslog.severity.code", str(SEVERITIES.index(value)) if value in SEVERITIES else value
    if name == "hostname":
        return "host.hostname", None if value == "$RS_HOSTNAME" else value
    if name == "programname":
        return "process.name", value
    if name == "msg":
        return "message", value
    return None, None


def rsyslog_pairs(template, line):
    """(property, value) of an output line; a template of one form or the other."""
    names = re.findall(r"%([^:%]+)[^%]*%", template)
    if '"' in line:
        return zip(names, re.findall(r'"((?:[^"]|"")*)"(?:, |$)', line))
    if template[0] in "-?":
        return zip(names, line.strip("\n")[1:-1].split(template[0], len(names) - 1))
    return zip(names, line.split(",", len(names) - 1))


def rsyslog_expectation(test, index):
    raw, line = test["inputs"][index], test["expected_output"][index]
    values = {}
    for name, value in rsyslog_pairs(test["template"].replace("\\n", ""), line):
        field, value = rsyslog_value(name, value)
        if field and value is not None:
            values[field] = [value.strip()]
    if not raw.startswith("<"):  # rsyslog assumes 13 for a message without priority
        values = {k: v for k, v in values.items() if not k.startswith("log.syslog.")}
    return Expectation(index, "rsyslog wire", {k: v for k, v in values.items() if v != [""]})


def rsyslog(data):
    compare = {"message": lambda wanted, given, _: wanted.strip() == given.strip()}
    for test in json.loads((data / "logs/rsyslog-parse-vectors/vectors.json").read_text())["tests"]:
        if not test.get("one_line_per_input") or any(x in test["file"] for x in RSYSLOG_LEFT_OUT):
            continue
        lines = [x.encode().split(b"\n")[0] for x in test["inputs"]]
        expected = [rsyslog_expectation(test, i) for i in range(len(lines))]
        yield Case(lines, expected, (), test["file"], compare)


# ---- liblognorm ------------------------------------------------------------------------------

# Test file -> the format it is about. The other vectors are parts of lines (an address, a number).
LOGNORM_FORMATS = {
    "field_json": "json", "field_cee-syslog": "json", "field_cef": "cef", "field_name_value": "keyvalue",
    "field_name_value_quoted": "keyvalue", "field_v2-iptables": "netfilter", "field_checkpoint-lea": "keyvalue",
}


def leaves(value):
    """All texts and numbers in an expected tree; null and empty say nothing."""
    if isinstance(value, dict):
        return [x for v in value.values() for x in leaves(v)]
    return [] if value in (None, "") else [str(value)]


def lognorm(data):
    """The names in these vectors mean nothing (f1, aa): a value counts as found under any name."""
    for case in json.loads((data / "logs/liblognorm-field-vectors/vectors.json").read_text())["cases"]:
        name = LOGNORM_FORMATS.get(re.sub(r"^tests/|\.sh$", "", case["file"]))
        parts = "begin" in case["input"] or "end" in case["input"] or "}-{" in case["input"]  # of a longer line
        if name is None or parts or not case["input"]:
            continue
        refused = "unparsed-data" in case["expected"]
        values = {} if refused else {ANY: leaves(case["expected"])}
        status = frozenset(["damaged", "unknown", "partial"]) if refused else WHOLE
        yield Case([case["input"].encode()], [Expectation(0, "liblognorm " + name, values, status)], ("--format", name), case["file"])


def cases(data):
    yield from go_syslog(data)
    yield from rsyslog(data)
    yield from lognorm(data)
