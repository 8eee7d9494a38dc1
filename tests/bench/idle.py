"""What thousands of connections cost: processor time of each handshake, memory of each agent
that has nothing to say."""
import json
import resource
import subprocess
import time

from stack import Stack
from usage import Usage


def allowed(wanted):
    """As many connections as one process may hold open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(wanted, hard - 256)


class Idlers:
    """The program that opens the connections, a step at a time."""

    def __init__(self, place, system, steps):
        stack = system.stack
        self.process = place.processes.start(
            place.program("idle"), "--address", f"127.0.0.1:{stack.port}", "--dir", stack.folder / "pki",
            "--steps", ",".join(map(str, steps)), *system.idle_options,
            *(word for agency in Stack.AGENCIES for word in ("--agency", agency)),
            name="idle", stdin=subprocess.PIPE)
        self.report(0)  # the certificates are made

    def report(self, count):
        return json.loads(self.process.wait_for(rf'^{{"open":{count},.*}}$', 300, "out").group())

    def open_until(self, count):
        self.process.popen.stdin.write(b"\n")
        self.process.popen.stdin.flush()
        return self.report(count)

    def end(self):
        self.process.popen.stdin.close()
        self.process.wait(30)


def measure(place, system, agents, watched_s=10):
    """At a fifth of the connections and at all of them: ms a handshake, KiB a connection."""
    most = allowed(agents)
    process = system.start(connections=most + 64)
    try:
        used = Usage(process)
        used.wait_quiet()
        steps = (max(most // 5, 1), most)
        idlers = Idlers(place, system, steps)
        results, resident, cpu = [], used.resident_kib(), sum(used.cpu().values())
        for before, count in zip((0, *steps), steps):
            report = idlers.open_until(count)
            used.wait_quiet()
            now = sum(used.cpu().values())
            results.append({
                "system": system.name, "what": "idle", "open": report["open"],
                "handshakes_s": (report["open"] - before) / report["seconds"],
                "handshake_cpu_ms": (now - cpu) / (report["open"] - before) * 1000,
                "connection_kib": (used.resident_kib() - resident) / report["open"],
            })
            cpu = now
        begin, cpu = time.monotonic(), sum(used.cpu().values())
        time.sleep(watched_s)
        results[-1]["idle_cpu_percent"] = (sum(used.cpu().values()) - cpu) / (time.monotonic() - begin) * 100
        idlers.end()
    finally:
        process.stop(60)
        process.kill()
    return results
