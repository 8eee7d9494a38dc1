"""What Sigma rules cost an event: with few and many rules, on events of three kinds.

Rules and events are those of SOC_SHARED_DATA; without it there are no figures.
"""
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

from harness import Failed

SECONDS = 2            # of processor time a figure
COUNTS = (100, 1000, None)  # rules; None: all


def windows_json(data, _):
    """Events of Winlogbeat's kind, as recordings of attacks have them among others."""
    lines = []
    for path in sorted((data / "logs/security-datasets/datasets").rglob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".json"):
                    lines += archive.read(name).decode("utf-8", "replace").splitlines()
    return [line for line in lines if is_object(line)]


def is_object(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def normalized(place, lines):
    raw = place.folder / "raw.log"
    raw.write_text("".join(line + "\n" for line in lines))
    done = subprocess.run([place.program("soc-collector"), "normalize", raw], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"normalize: {done.stderr[-2000:]}")
    return done.stdout.splitlines()


def auditd(data, place):
    paths = sorted((data / "logs/filebeat-modules-apache2/filebeat/module/auditd/log/test").glob("audit-*.log"))
    return normalized(place, [line for path in paths for line in path.read_text().splitlines()])


def web(data, place):
    matrix = json.loads((data / "detect/sigma-matrix/web-matrix.json").read_text())
    return normalized(place, [event["line"] for event in matrix["events"]])


KINDS = (("Windows JSON", windows_json), ("Linux auditd", auditd), ("web access", web))


def rule_folder(place, data, count):
    """Every so many-th rule, that of each kind as many be there as among all."""
    files = sorted(path for folder in (data / "detect/sigma").glob("rules*") for path in folder.rglob("*.yml"))
    count = min(count or len(files), len(files))
    folder = place.folder / f"rules-{count}"
    folder.mkdir()
    for i in range(count):
        shutil.copy(files[i * len(files) // count], folder / f"{i:05}.yml")
    return folder


def bench(place, events, rules):
    done = subprocess.run([place.program("detect_bench"), events, str(SECONDS), rules],
                          capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise Failed(f"detect_bench: {done.stderr[-2000:]}")
    result = {name: int(ns) for name, ns in re.findall(r"^(parse|fill|match) (\d+) ns", done.stdout, re.M)}
    load = re.search(r"^load ([\d.]+) s, (\d+) rules, (\d+) refused, ([\d.]+) MiB", done.stdout, re.M)
    events, matches = re.search(r"^(\d+) events, (\d+) matches", done.stdout, re.M).groups()
    return result | {"load_s": float(load[1]), "rules": int(load[2]), "refused": int(load[3]),
                     "mib": float(load[4]), "events": int(events), "matches": int(matches)}


def thousands(ns):
    return f"{1e6 / ns:.0f}"


def measure_kind(place, name, lines, folders, say):
    events = place.folder / "events.json"
    events.write_text("".join(line + "\n" for line in lines))
    results = [bench(place, events, folder) | {"what": f"detect, {name}"} for folder in folders]
    say(f"| {name} | {events.stat().st_size // len(lines)} | {thousands(results[-1]['parse'])} | "
        + " | ".join(thousands(result["match"]) for result in results) + " |")
    return results


def measure(place, say):
    if "SOC_SHARED_DATA" not in os.environ:
        say("\ndetect: not measured: SOC_SHARED_DATA is not set")
        return []
    data = Path(os.environ["SOC_SHARED_DATA"])
    folders = [rule_folder(place, data, count) for count in COUNTS]
    heads = [f"{count or 'all'} rules" for count in COUNTS]
    say("\nthousand events a CPU-s\n")
    say("| events | bytes | JSON parsed (floor) | " + " | ".join(heads) + " |")
    say("|---" * (3 + len(heads)) + "|")
    results = []
    for name, events_of in KINDS:
        results += measure_kind(place, name, events_of(data, place), folders, say)
    last = results[-1]
    say(f"\nall rules: {last['rules']} loaded, {last['refused']} refused, in {last['load_s']:.2f} CPU-s; "
        f"{last['mib']:.1f} MiB")
    return results
