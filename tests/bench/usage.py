"""What programs use: processor time and memory of whole sessions, read from /proc."""
import os
import re
import statistics
import time
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """User and system time of a process, and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) * TICK_S


def threads_s(pid):
    """User and system time by name of a process's threads, where it names several."""
    out = {}
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        head, _, tail = stat.read_text().rpartition(")")
        name = head.partition("(")[2]
        out[name] = out.get(name, 0) + sum(int(field) for field in tail.split()[11:13]) * TICK_S
    return out


def memory_kib(pid, what="VmHWM"):
    """VmHWM: the most that was ever resident; VmRSS: now."""
    return int(re.search(rf"^{what}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M).group(1))


def name_of(pid):
    """What a process calls itself; a role of the collector by its role."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    if "--role" in words:
        return words[words.index("--role") + 1]
    return Path(words[0]).name


class Usage:
    """All processes of programs that were started, from now on.

        usage = Usage(collector, kafka)
        ...
        usage.cpu()       -> {"ingest": 1.23, "signer": 0.01, "soc-collector": 0.0, ...}
        usage.threads()   -> {"worker": 0.61, "writer": 0.3, ...}
        usage.peak_mib()  -> {"ingest": 41.0, ...}
    """

    def __init__(self, *processes):
        self.processes = processes
        self.before, self.threads_before = self._cpu(), self._threads()

    def pids(self):
        return [pid for process in self.processes for pid in process.members()]

    def _cpu(self):
        return {pid: cpu_s(pid) for pid in self.pids()}

    def _threads(self):
        out = {}
        for pid in self.pids():
            for name, used in threads_s(pid).items():
                out[name] = out.get(name, 0) + used
        return out

    def _by_name(self, values):
        out = {}
        for pid, value in values.items():
            out[name_of(pid)] = out.get(name_of(pid), 0) + value
        return out

    def cpu(self):
        return self._by_name({pid: used - self.before.get(pid, 0) for pid, used in self._cpu().items()})

    def threads(self):
        return {name: used - self.threads_before.get(name, 0) for name, used in self._threads().items()}

    def peak_mib(self):
        return self._by_name({pid: memory_kib(pid) / 1024 for pid in self.pids()})

    def resident_kib(self):
        return sum(memory_kib(pid, "VmRSS") for pid in self.pids())

    def wait_quiet(self, seconds=1.0, busy_s=0.03, timeout=60):
        """Until the programs have used next to nothing for a while: what was left is done."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            before = sum(self._cpu().values())
            time.sleep(seconds)
            if sum(self._cpu().values()) - before <= busy_s:
                return
        raise TimeoutError(f"the programs are still busy after {timeout} s")


def spread(values):
    """(least, median, most)"""
    return min(values), statistics.median(values), max(values)
