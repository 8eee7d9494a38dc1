#!/usr/bin/python3
"""agent_bench: what soc-agent costs the server it runs on

usage: agent_bench.py [--lines N] [--corpus 150|350]... [--seconds S] [--rate R]

An agent as on a server (files, a syslog socket, the journal where there is one, the
inventory) and a collector beside it, over mutual TLS. Prints one JSON object a corpus:

    rss_idle_mib    resident, connected, when nothing has happened for a while
    rate_cpu_percent  of one core, while a log gets `rate` lines a second, one at a time
    cpu_s_per_million, mb_s, lines_s   a log of N lines appears: read, in the spool, sent and
                    acknowledged as stored. The collector works on the same processors:
                    the processor time is the agent's own, the speed is the pair's
    rss_busy_mib    the most that was resident by the end

Programs of SOC_BUILD, or build.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
import harness  # noqa: E402
import stack as stacks  # noqa: E402
import usage  # noqa: E402

AGENCY, HOST = 2, 1
JOURNALS = ("/run/log/journal", "/var/log/journal")


def settings(folder):
    """Spool and pace as delivered; everything a host gives is read."""
    out = {
        "spool": {"bulk-size": "1GiB", "segment-size": "8MiB"},
        "files": {"poll": "10s", "groups": [{"paths": [f"{folder}/*.log"]}]},
        "syslog": {"sockets": [{"path": f"{folder}/dev-log"}]},
    }
    if any(Path(journal).is_dir() and any(Path(journal).iterdir()) for journal in JOURNALS):
        out["journal"] = {"journals": [{"name": "system"}]}
    return out


class Bench:
    """A collector and an agent that follows DIR/*.log."""

    def __init__(self, folder, build, processes):
        self.program = lambda name: harness.find_program(name, build)
        self.stack = stacks.Stack(folder / "stack", processes, self.program)
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.stack.start_collector()
        self.agent = self.stack.agent(AGENCY, HOST, settings(self.logs)).start()
        self.agent.process.wait_for(r"uplink\.connected")

    @property
    def pid(self):
        return self.agent.process.pid

    def stored(self):
        return sum(self.stack.ledger(AGENCY, HOST) or (0,))

    def wait_stored(self, count):
        harness.wait_until(f"{count} records are stored", lambda: self.stored() >= count, 1800, 0.05)

    def settle(self):
        usage.Usage(self.agent.process).wait_quiet()

    def lines(self, corpus, count):
        """A file of lines outside the folder that is followed."""
        path = self.logs.with_name("prepared")
        with open(path, "wb") as file:
            subprocess.run([self.program("corpus_lines"), corpus, str(count)], stdout=file, check=True)
        return path

    def idle(self):
        self.settle()
        return {"rss_idle_mib": round(usage.memory_kib(self.pid, "VmRSS") / 1024, 1)}

    def at_rate(self, corpus, rate, seconds):
        lines = self.lines(corpus, rate * seconds).read_bytes().splitlines(keepends=True)
        before, began, stored = usage.cpu_s(self.pid), time.monotonic(), self.stored()
        with open(self.logs / f"rate-{corpus}.log", "ab", buffering=0) as file:
            for number, line in enumerate(lines):
                time.sleep(max(0, began + number / rate - time.monotonic()))
                file.write(line)
        took, used = time.monotonic() - began, usage.cpu_s(self.pid) - before
        self.wait_stored(stored + len(lines))
        return {"rate": rate, "rate_cpu_percent": round(100 * used / took, 2)}

    def tail(self, corpus, count):
        prepared = self.lines(corpus, count)
        size = prepared.stat().st_size
        before, stored = usage.cpu_s(self.pid), self.stored()
        began = time.monotonic()
        prepared.rename(self.logs / f"whole-{corpus}.log")
        self.wait_stored(stored + count)
        took = time.monotonic() - began
        self.settle()
        return {
            "lines": count, "line_bytes": round(size / count, 1),
            "cpu_s_per_million": round((usage.cpu_s(self.pid) - before) / count * 1e6, 2),
            "mb_s": round(size / 1e6 / took, 1), "lines_s": round(count / took),
        }


def measure(folder, build, processes, corpus, count=1000000, rate=100, seconds=30):
    """All figures of one corpus, in a folder of its own."""
    bench = Bench(Path(folder), build, processes)
    result = {"measure": "agent", "corpus": corpus, **bench.idle(), **bench.at_rate(corpus, rate, seconds),
              **bench.tail(corpus, count)}
    result["rss_busy_mib"] = round(usage.memory_kib(bench.pid) / 1024, 1)
    bench.agent.stop()
    bench.stack.collector.stop()
    bench.stack.end()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1000000)
    parser.add_argument("--corpus", action="append", choices=("150", "350"), help="default: 150 and 350")
    parser.add_argument("--seconds", type=int, default=30, help="of a log that grows slowly")
    parser.add_argument("--rate", type=int, default=100, help="its lines a second")
    chosen = parser.parse_args()
    build = Path(os.environ.get("SOC_BUILD", "build")).resolve()
    for corpus in chosen.corpus or ("150", "350"):
        with tempfile.TemporaryDirectory(prefix="agent-bench-", dir=build) as folder:
            processes = harness.Processes(Path(folder) / "programs")
            try:
                result = measure(folder, build, processes, corpus, chosen.lines, chosen.rate, chosen.seconds)
            finally:
                processes.end()
            print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
