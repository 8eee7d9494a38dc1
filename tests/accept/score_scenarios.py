#!/usr/bin/env python3
"""score_scenarios - attacks in raw logs, found by our rules, against what CrowdSec's tests expect

usage: score_scenarios.py [--misses] [--only WORD] [--level LEVEL] [--rules DIR]... PROGRAM
   eg: score_scenarios.py --misses build/collector/soc-collector

Reads $SOC_SHARED_DATA (default: shared/data beside the repository), logs/crowdsec-hub. The log
of each test goes through `PROGRAM normalize --tz UTC`, then `PROGRAM detect --strict` with the
shipped rules (configs/sigma, or --rules).

An alert that a test expects is a family and a source. The family is what its scenario means by
the hub's own taxonomy: the kind of behaviour ("http:bruteforce") and its ATT&CK techniques.
A match of ours is of the families of the techniques its rule is tagged with, and of the source
that the event or the group says; a source that is no address (a process, a file, an account)
is one when the event has it as a value. A match counts from --level on (medium). Of alerts that stand in one
test several times with the same family and source one is counted.

Scored are:
    found   expected alerts that some match of ours has
    quiet   (log, family, source): a scenario of the family ran over the log, the log's events
            name the source, and no alert about it came
    false   quiet ones of which some match of ours says the opposite
Scenarios of which the taxonomy says neither behaviour nor technique are left out and listed.
A family of which no scenario ran over a log is not quiet there: nobody looked; nor by one that
looks for a single vulnerability (the taxonomy has its CVE): of other attacks it says nothing.
"""
import argparse
import ipaddress
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEVELS = ["informational", "low", "medium", "high", "critical"]

# What the kinds of behaviour are in ATT&CK: techniques, without their parts.
KINDS = {
    "bruteforce": {"T1110", "T1589", "T1621"},
    "exploit": {"T1190", "T1203", "T1210", "T1211", "T1212", "T1068", "T1505"},
    "exploitation": {"T1068", "T1548", "T1211"},
    "post-exploitation": {"T1059", "T1105", "T1070", "T1140", "T1027", "T1485"},
    "scan": {"T1595", "T1592", "T1590", "T1046", "T1018", "T1083", "T1090"},
    "crawl": {"T1595", "T1592", "T1594", "T1119", "T1593"},
    "dos": {"T1498", "T1499"},
    "spam": {"T1566", "T1534", "T1585", "T1586", "T1592"},
    "fraud": {"T1110", "T1657"},
    "audit": set(),
}
# A scenario of exploits is tagged with T1595 too: a scan alone does not find it.
NOT_ENOUGH = {"exploit": {"T1595", "T1592"}}

EXPECTED = re.compile(r'results\[(\d+)\]\.Overflow\.Alert\.GetScenario\(\) == "([^"]+)"')
SOURCE = re.compile(r'"([^"]+)" in results\[(\d+)\]\.Overflow\.GetSources\(\)')
LISTED = re.compile(r"^scenarios:\n((?:\s*-.*\n)+)", re.M)
SETTING = re.compile(r"^(\w+):\s*[\"']?([^\"'\n]*)", re.M)


class Taxonomy:
    def __init__(self, path):
        self.scenarios = json.loads(path.read_text())

    def families(self, scenario):
        """{kind: techniques}; {} when nothing is said of it."""
        said = self.scenarios.get(scenario, {})
        own = {x.split(":")[-1] for x in said.get("mitre_attacks", [])}
        kinds = {x.split(":")[-1] for x in said.get("behaviors", [])}
        if not kinds and own:
            kinds = {next((kind for kind, techniques in KINDS.items() if techniques & own), "other")}
        return {kind: KINDS.get(kind, set()) | own - NOT_ENOUGH.get(kind, set()) for kind in kinds}


class Test:
    """A log, the scenarios that ran over it, and the alerts they made."""

    def __init__(self, folder):
        self.name = folder.name
        config = (folder / "config.yaml").read_text()
        self.log = folder / dict(SETTING.findall(config)).get("log_file", "").strip()
        listed = LISTED.search(config)
        words = [x.strip(" -\"'") for x in listed.group(1).splitlines()] if listed else []
        self.ran = {re.sub(r"^(\./)?scenarios/|\.yaml$", "", x) for x in words if x}
        text = (folder / "scenario.assert").read_text() if (folder / "scenario.assert").exists() else ""
        sources = defaultdict(set)
        for source, number in SOURCE.findall(text):
            sources[number].add(source)
        names = dict(EXPECTED.findall(text))
        if len(self.ran) == 1:  # then a result needs no name
            names = dict.fromkeys(sources, *self.ran) | names
        self.expected = {(names[n], source) for n in sources if n in names for source in sources[n]}
        self.ran |= {scenario for scenario, _ in self.expected}


def written(value):
    """An address in one writing; other texts as they are."""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return str(value).lower()


def texts_in(value):
    if isinstance(value, dict):
        return {x for inner in value.values() for x in texts_in(inner)}
    if isinstance(value, list):
        return {x for inner in value for x in texts_in(inner)}
    return {written(value)}


def is_address(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def sources_in(event):
    """Addresses it comes from, and all its values that are none."""
    values = {x for name, value in event.items() if name not in ("event.original", "message") for x in texts_in(value)}
    return texts_in([event.get("source.ip", []), event.get("client.ip", [])]) | {x for x in values if not is_address(x)}


class Program:
    def __init__(self, program, rules, level):
        self.program, self.least = program, LEVELS.index(level)
        self.rules = [word for path in rules for word in ("--rules", str(path))]

    def run(self, *words, given):
        done = subprocess.run([self.program, *words], input=given, capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(f"score_scenarios: {' '.join(words)}: exit code {done.returncode}: "
                     f"{done.stderr.decode(errors='replace')[-2000:]}")
        return done.stdout

    def look(self, log):
        """The addresses that events come from, and (techniques, sources, title) of each match
        that is grave enough."""
        events = self.run("normalize", "--tz", "UTC", given=log)
        lines = [json.loads(line) for line in events.splitlines()]
        alerts = []
        for line in self.run("detect", "--strict", *self.rules, given=events).splitlines():
            match = json.loads(line)
            level = match.get("level") or "medium"
            if level not in LEVELS or LEVELS.index(level) < self.least:
                continue
            at = lines[match["line"] - 1] if 0 < match.get("line", 0) <= len(lines) else {}
            who = sources_in(at)
            alerts.append((techniques_of(match), who | texts_in(match.get("group", {})), match.get("title", "")))
        return {x for line in lines for x in texts_in(line.get("source.ip", []))}, alerts


def techniques_of(match):
    return {x.split(".")[1].upper() for x in match.get("tags", []) if re.match(r"attack\.t\d", x)}


class Score:
    def __init__(self, taxonomy):
        self.taxonomy = taxonomy
        self.wanted, self.found, self.quiet, self.false = Counter(), Counter(), Counter(), Counter()
        self.missed, self.wrong, self.unsaid = [], [], set()

    def test(self, test, sources, alerts):
        pairs = defaultdict(set)  # (kind, source) -> scenarios
        for scenario, source in sorted(test.expected):
            families = self.taxonomy.families(scenario)
            if not families:
                self.unsaid.add(scenario)
            for kind, techniques in families.items():
                pairs[kind, written(source)].add((scenario, frozenset(techniques)))
        for (kind, source), scenarios in sorted(pairs.items()):
            self.wanted[kind] += 1
            if any(techniques & t and source in who for _, t in scenarios for techniques, who, _ in alerts):
                self.found[kind] += 1
            else:
                seen = sorted({title for _, who, title in alerts if source in who})
                self.missed.append((test.name, kind, source, sorted(x for x, _ in scenarios), seen))
        self.quiet_sources(test, sources, set(pairs), alerts)

    def quiet_sources(self, test, sources, expected, alerts):
        ran = defaultdict(set)
        for scenario in (x for x in test.ran if not self.taxonomy.scenarios.get(x, {}).get("cves")):
            for kind, techniques in self.taxonomy.families(scenario).items():
                ran[kind] |= techniques
        for kind, techniques in sorted(ran.items()):
            for source in sorted(x for x in sources if (kind, x) not in expected):
                self.quiet[kind] += 1
                titles = sorted({title for t, who, title in alerts if t & techniques and source in who})
                if titles:
                    self.false[kind] += 1
                    self.wrong.append((test.name, kind, source, titles))

    def show(self, misses):
        print(f"{'family':20} {'wanted':>7} {'found':>7} {'share':>7} {'quiet':>7} {'false':>7}")
        for kind in sorted(self.wanted | self.quiet):
            self.row(kind, *(x[kind] for x in (self.wanted, self.found, self.quiet, self.false)))
        self.row("all", *(sum(x.values()) for x in (self.wanted, self.found, self.quiet, self.false)))
        print(f"left out, no meaning is said of them: {', '.join(sorted(self.unsaid)) or 'none'}")
        for name, kind, source, scenarios, seen in self.missed if misses else ():
            print(f"    missed {name}: {kind} from {source} ({', '.join(scenarios)})"
                  + (f"; of this source: {', '.join(seen)}" if seen else ""))
        for name, kind, source, titles in self.wrong if misses else ():
            print(f"    false {name}: {kind} from {source}: {', '.join(titles)}")

    @staticmethod
    def row(name, wanted, found, quiet, false):
        print(f"{name:20} {wanted:7} {found:7} {found / max(wanted, 1):7.3f} {quiet:7} {false:7}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1], add_help=False)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--level", default="medium", choices=LEVELS)
    parser.add_argument("--rules", action="append")
    parser.add_argument("program", nargs="?")
    arguments = parser.parse_args()
    hub = Path(os.environ.get("SOC_SHARED_DATA", ROOT.parent / "shared/data")) / "logs/crowdsec-hub"
    if not arguments.program or not hub.is_dir():
        sys.exit(__doc__)
    program = Program(arguments.program, arguments.rules or [ROOT / "configs/sigma/rules"], arguments.level)
    score = Score(Taxonomy(hub / "taxonomy/scenarios.json"))
    for folder in sorted((hub / "tests").iterdir()):
        if arguments.only not in folder.name or not (folder / "config.yaml").exists():
            continue
        test = Test(folder)
        if test.log.is_file():
            score.test(test, *program.look(test.log.read_bytes()))
    score.show(arguments.misses)


main()
