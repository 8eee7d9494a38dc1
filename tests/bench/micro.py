"""The small benchmarks, a line each: what one step costs by itself."""
import os
import re
import resource
import shutil
import subprocess

from harness import ROOT, Failed

LINES = 500000  # through `soc-collector normalize`


def run(*command, **environment):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=1800,
                          env={**os.environ, **environment})
    if done.returncode != 0:
        raise Failed(f"{command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def found(pattern, text):
    match = re.search(pattern, text, re.M)
    if match is None:
        raise Failed(f"no /{pattern}/ in:\n{text}")
    return match.groups() if match.re.groups > 1 else match.group(1)


def normalize_bench(place):
    text = run(place.program("normalize_bench"), ROOT / "configs/national/classes.yaml", 1)
    every = re.findall(r"^(\w+) +(\d+) bytes.*\| without json +([\d.]+) ns", text, re.M)
    return "worker's stages, ns a line: " + ", ".join(f"{name} {ns} ({size} bytes)" for name, size, ns in every)


def normalize_command(place):
    """Lines a second of one core, JSON out."""
    speeds = []
    for corpus in ("150", "350"):
        lines = place.folder / "lines"
        with open(lines, "wb") as out:
            subprocess.run([place.program("corpus_lines"), corpus, str(LINES)], stdout=out, check=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open("/dev/null", "wb") as out:
            subprocess.run([place.program("soc-collector"), "normalize", lines], stdout=out, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        speeds.append(f"corpus {corpus}: {LINES / cpu / 1000:.0f}")
        lines.unlink()
    return "JSON out, thousand lines a CPU-s: " + ", ".join(speeds)


def exporters_bench(place):
    text = run(place.program("exporters_bench"), 1)
    every = re.findall(r"^(\w+) +(to lines(?:, parsed)?) +(\d+) records", text, re.M)
    return "flow records, thousand a CPU-s: " + ", ".join(
        f"{version} {what} {int(speed) / 1000:.0f}" for version, what, speed in every)


def indicators_bench(place):
    text = run(place.program("indicators_bench"), 2000000, place.folder)
    return "two million indicators: read in {} s, {} bytes each; {} ns an event of four fields".format(
        *found(r"indicators: ([\d.]+) s, [\d.]+ MiB, ([\d.]+) bytes", text),
        found(r"fields: (\d+) ns", text))


def chunk_bench(place):
    text = run(place.program("chunk_bench"), 1000000)
    return "ns a line: add {} seal {} read {}; compressed {} times".format(
        *found(r"^add ([\d.]+) +seal ([\d.]+) +read ([\d.]+)", text), found(r"ratio ([\d.]+)", text))


def seglog_bench(place):
    folder = place.folder / "seglog"
    folder.mkdir()
    text = run(place.program("seglog_bench"), folder)
    shutil.rmtree(folder)
    return "CPU-ns an entry of 100 bytes: append {}, with syncs {}, read {}; open {} ms".format(
        *(found(rf"^{what} .* ([\d.]+) ns of a processor", text) for what in ("append", "append and sync", "read")),
        found(r"^close and open +([\d.]+) ms", text))


def store_bench(place):
    folder = place.folder / "store"
    text = run(place.program("store_bench"), 1000000, folder)
    shutil.rmtree(folder)
    steps = ("encode", r"commit \(zstd, disk\)", "read columns", "read columns and bodies")
    return ("CPU-s/M: encode {}, commit {}, read columns {}, and bodies {}; {} bytes a record; ack p50 {} p99 {} ms; "
            "open {} ms").format(*(found(rf"^{step} +([\d.]+)", text) for step in steps),
                                 found(r"^on disk +([\d.]+)", text),
                                 *found(r"p50 ([\d.]+) ms, p99 ([\d.]+)", text), found(r"^reopening +(\d+)", text))


def scan_bench(place):
    if shutil.which("yara") is None:
        return "not measured: Debian's yara is not installed"
    text = run(ROOT / "tests/bench/scan_bench.py", "--rounds", 1, "/usr/sbin", SOC_BUILD=str(place.build))
    ratios = re.findall(r"^(.*) at a time.*\n.*\n.*\n +speed, ours / yara: ([\d.]+) by processor", text, re.M)
    return "speed beside yara -r: " + ", ".join(f"{what.split(', ')[-1]} at a time {ratio}" for what, ratio in ratios)


BENCHES = (normalize_bench, normalize_command, exporters_bench, indicators_bench, chunk_bench, seglog_bench, store_bench, scan_bench)


def measure(place, say):
    say()
    results = []
    for bench in BENCHES:
        text = bench(place)
        say(f"{bench.__name__:18}{text}")
        results.append({"what": bench.__name__, "text": text})
    return results
