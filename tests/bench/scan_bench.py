#!/usr/bin/python3
"""scan_bench - soc-agent scan beside Debian's yara -r: same rules, same files

usage: scan_bench.py [--rounds N] [--rules DIR]... [PATH]

Takes turns, so that both meet the same weather on a shared machine, and prints
processor time, wall time and the ratio of their medians (above 1: we are faster).
Without --rules the shared rule sets are used, or, where there are none, 2,000
generated rules. PATH is /usr/bin by default. Symbolic links are followed by neither,
and yara is given constants for the external variables.
"""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

VARIABLES = ("filename", "filepath", "extension", "filetype", "owner")


def generated_rules(folder):
    for i in range(20):
        rules = (
            f'rule r{i}_{n} {{ strings: $a = "generated{i * n}" $b = {{ {i:02x} 4f {n % 256:02x} 53 }} '
            f"$c = /gen{n}[a-f]{{4}}x/ condition: any of them }}\n"
            for n in range(100)
        )
        Path(folder, f"g{i}.yar").write_text("".join(rules))
    return [folder]


def shared_rules():
    shared = os.environ.get("SOC_SHARED_DATA")
    return [str(path) for path in sorted(Path(shared, "yara").iterdir())] if shared else []


def measure(command):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - began, len(done.stdout.splitlines())


def commands(rules, path, jobs):
    build = os.environ.get("SOC_BUILD", "build")
    files = sorted(
        str(file) for folder in rules for file in Path(folder).rglob("*") if file.suffix in (".yar", ".yara")
    )
    yara = ["yara", "-r", "-N", "-w", "-p", str(jobs)]
    yara += [word for name in VARIABLES for word in ("-d", f"{name}=x")]
    ours = [f"{build}/agent/soc-agent", "scan", "--json", "--jobs", str(jobs), "--max-size", "100GiB"]
    ours += [word for folder in rules for word in ("--rules", folder)]
    return {
        "yara -r": yara + [f"n{i}:{file}" for i, file in enumerate(files)] + [path],
        "soc-agent scan": ours + [path],
    }


def compare(rules, path, jobs, rounds):
    print(f"{path}, {jobs} at a time, {rounds} rounds")
    runs = {name: [] for name in commands(rules, path, jobs)}
    for _ in range(rounds):
        for name, command in commands(rules, path, jobs).items():
            runs[name].append(measure(command))
    medians = {}
    for name, results in runs.items():
        cpu, wall = (statistics.median(column) for column in list(zip(*results))[:2])
        medians[name] = cpu, wall
        print(f"  {name:16} {cpu:8.2f} s of processor  {wall:8.2f} s of time  {results[0][2]} hits")
    theirs, ours = medians.values()
    print(f"  speed, ours / yara: {theirs[0] / ours[0]:.2f} by processor, {theirs[1] / ours[1]:.2f} by time")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rules", action="append")
    parser.add_argument("path", nargs="?", default="/usr/bin")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rules = options.rules or shared_rules() or generated_rules(folder)
        for jobs in sorted({1, len(os.sched_getaffinity(0))}):
            compare(rules, options.path, jobs, options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
