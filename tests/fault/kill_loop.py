"""kill -9 at random instants under load; nothing acknowledged may be lost.

Agents send numbered lines while one program after the other is killed: the ingest role,
the supervisor (its roles follow), the collector as a whole, an agent, an agent and the
collector together. After each kill a fresh line has to arrive (I9); at the end, and every
few rounds, the store is compared with what was issued and acknowledged (oracle.py).
"""
import os
import random
import threading
import time

import oracle
from harness import Failed, wait_until

FRESH_S = 15.0       # a fresh line arrives so soon after a kill
INGEST_KILLS_MAX = 3  # of one supervisor, which waits longer after each


class Feeder(threading.Thread):
    """Gives an agent lines at a bearable rate, until told to pause."""

    def __init__(self, agent, source, rng, pace_s=0.02):
        super().__init__(daemon=True)
        self.agent, self.source, self.rng, self.pace_s = agent, source, rng, pace_s
        self.running = threading.Event()
        self.idle = threading.Event()
        self.ended = False
        self.start()

    def run(self):
        while not self.ended:
            if not self.running.wait(0.05):
                self.idle.set()
                continue
            self.idle.clear()
            if self.agent.waiting() < 30:
                self.agent.offer(self.source.issue(self.rng.randrange(1, 60)))
            time.sleep(self.pace_s * self.rng.random())

    def pause(self):
        self.running.clear()
        self.idle.wait()


class WireLoad:
    """An agent of the test's own process: a kill of it is a cut of its connection."""

    def __init__(self, stack, agency, host, rng):
        self.source = oracle.Source(f"wire-{agency}-{host}", agency, host)
        self.agent = stack.wire_agent(agency, host)
        self.feeder = Feeder(self.agent, self.source, rng)

    def resume(self):
        self.feeder.running.set()

    def pause(self):
        self.feeder.pause()

    def kill(self):
        self.agent.cut()

    def restart(self):
        """It comes back by itself."""

    def progress(self):
        return self.agent.acked

    def settle(self):
        """Everything issued is acknowledged, so all of it is owed."""
        wait_until(f"{self.source.name}: everything is acknowledged",
                   lambda: self.agent.broken or not self.agent.waiting(), 30)
        if self.agent.broken:
            raise Failed("; ".join(self.agent.broken))
        self.source.owed = self.source.issued

    def end(self):
        self.feeder.ended = True


class Log:
    """A log file of a program that rotates: lines of a source, written in odd pieces."""

    def __init__(self, path, source, rng, generations=400):
        self.path, self.source, self.rng = path, source, rng
        self.generations = generations
        self.file = open(path, "ab", buffering=0)
        self.rotations = 0

    def write(self, count):
        data = b"".join(line + b"\n" for line in self.source.issue(count))
        cut = self.rng.randrange(len(data))
        self.file.write(data[:cut])
        self.file.write(data[cut:])

    def rotate(self):
        """As logrotate: the present file becomes .1, .1 becomes .2, and so on."""
        self.rotations += 1
        self.file.close()
        base = str(self.path)
        for number in range(min(self.rotations, self.generations) - 1, 0, -1):
            if os.path.exists(f"{base}.{number}"):
                os.rename(f"{base}.{number}", f"{base}.{number + 1}")
        os.rename(base, f"{base}.1")
        self.file = open(base, "ab", buffering=0)


class TailLoad(threading.Thread):
    """A soc-agent that follows a rotating log."""

    def __init__(self, stack, agency, host, rng):
        super().__init__(daemon=True)
        self.stack, self.rng = stack, rng
        self.source = oracle.Source(f"tail-{agency}-{host}", agency, host)
        self.agent = stack.agent(agency, host)
        self.log = Log(self.agent.logs / "app.log", self.source, rng)
        self.running, self.idle = threading.Event(), threading.Event()
        self.ended = False
        self.agent.start(wait=False)
        self.start()

    def run(self):
        while not self.ended:
            if not self.running.wait(0.05):
                self.idle.set()
                continue
            self.idle.clear()
            self.log.write(self.rng.randrange(1, 60))
            if self.rng.random() < 0.02:
                self.log.rotate()
            time.sleep(0.05 * self.rng.random())

    def resume(self):
        self.running.set()

    def pause(self):
        self.running.clear()
        self.idle.wait()

    def kill(self):
        self.agent.kill()

    def restart(self):
        self.agent.start(wait=False)

    def progress(self):
        return sum(self.stack.ledger(self.source.agency, self.source.host) or (0,))

    def settle(self):
        self.stack.wait_stored(self.source)
        self.source.owed = self.source.issued

    def end(self):
        self.ended = True


class KillLoop:
    TARGETS = ("ingest", "supervisor", "collector", "agent", "both")

    def __init__(self, stack, seed, targets=TARGETS, say=None):
        self.stack, self.seed, self.targets = stack, seed, targets
        self.rng = random.Random(seed)
        self.say = say or (lambda words: None)
        self.loads = []
        self.kills = dict.fromkeys(targets, 0)
        self.ingest_kills = 0
        self.stored = None

    def add_wire(self, agency, host):
        self.loads.append(WireLoad(self.stack, agency, host, random.Random(self.rng.random())))

    def add_tail(self, agency, host):
        self.loads.append(TailLoad(self.stack, agency, host, random.Random(self.rng.random())))

    def run(self, rounds, check_every=50):
        self.stack.start_collector()
        for number in range(1, rounds + 1):
            for load in self.loads:
                load.resume()
            target = self.rng.choice(self.targets)
            try:
                self.round(target)
                if number % check_every == 0 or number == rounds:
                    self.check()
            except AssertionError as failed:
                raise Failed(f"round {number} of {rounds}, kill of {target}, seed {self.seed}: "
                             f"{failed}") from failed
            self.say(f"{number} kills, {sum(load.source.issued for load in self.loads)} lines")

    def round(self, target):
        time.sleep(self.rng.choice((0.005, 0.05, 0.3)) * self.rng.random())
        load = self.rng.choice(self.loads)
        if target == "ingest" and self.ingest_kills >= INGEST_KILLS_MAX:
            target = "collector"
        self.kills[target] += 1
        if target in ("agent", "both"):
            load.kill()
        if target != "agent":
            self.kill_collector(target)
        if target in ("agent", "both"):
            time.sleep(0.1 * self.rng.random())
            load.restart()
        self.wait_fresh()

    def kill_collector(self, target):
        if target == "ingest":
            self.ingest_kills += 1
            self.stack.collector.kill_role("ingest")
            return
        if target == "supervisor":
            self.stack.collector.kill_supervisor()
        else:
            self.stack.collector.kill()
        self.ingest_kills = 0
        time.sleep(0.2 * self.rng.random())
        self.stack.start_collector(wait=False)

    def wait_fresh(self):
        """Every agent gets something acknowledged that was not before."""
        before = [(load, load.progress()) for load in self.loads]
        wait_until("a fresh line of every agent is acknowledged",
                   lambda: all(load.progress() > was for load, was in before), FRESH_S)

    def check(self):
        for load in self.loads:
            load.pause()
        for load in self.loads:
            load.settle()
        self.stack.collector.wait_ready()
        self.stored = self.stack.check([load.source for load in self.loads])

    def end(self):
        for load in self.loads:
            load.end()

    def summary(self):
        lines = sum(load.source.owed for load in self.loads)
        kills = ", ".join(f"{target} {n}" for target, n in self.kills.items())
        return f"{sum(self.kills.values())} kills ({kills}), {lines} lines, none lost, seed {self.seed}"


def add_loads(loop):
    """What the loop runs with: two agencies, agents that follow logs and one of the test's."""
    loop.add_tail(2, 1)
    loop.add_tail(3, 1)
    loop.add_wire(2, 2)
