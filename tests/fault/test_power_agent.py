"""The power goes while an agent reads, spools and sends: it goes on where it was.

The agent's writes are recorded while it follows a rotating log. From a disk of any moment it is
started again, as another host, so that the collector knows nothing of it: everything has to
arrive that had not been acknowledged by then, once and in order.
"""
import bisect
import os
import random
import threading
import time

import crashimg
import kill_loop
import oracle
import pytest
from harness import Failed, wait_until
from stack import PATIENCE_S


class Recorded:
    def __init__(self, stack, build):
        self.stack = stack
        self.source = oracle.Source("spooled", 2, 1)
        self.agent = stack.agent(2, 1)
        self.agent.state.mkdir(mode=0o700)
        self.log = kill_loop.Log(self.agent.logs / "app.log", self.source, random.Random(4))
        self.trace = stack.folder / "trace"
        self.stored = []  # (length of the trace, lines stored by then), both growing
        self.ended = threading.Event()
        self.agent.start(env={"LD_PRELOAD": build / "tests/support/libfault.so",
                              "SOC_FAULT_PATH": self.agent.state, "SOC_IOTRACE": self.trace})

    def watch(self):
        while not self.ended.wait(0.01):
            size, stored = os.path.getsize(self.trace), self.stack.ledger(2, 1)
            if stored is not None:  # no answer on a busy machine is not: nothing is stored
                self.stored.append((size, sum(stored)))

    def work(self, seconds):
        watcher = threading.Thread(target=self.watch)
        watcher.start()
        rng, end = random.Random(5), time.monotonic() + seconds
        while time.monotonic() < end:
            self.log.write(rng.randrange(1, 80))
            if rng.random() < 0.05:
                self.log.rotate()
            time.sleep(0.02 * rng.random())
        self.stack.wait_stored(self.source)
        time.sleep(6)  # the bookmark is saved every five seconds, then segments are let go
        self.ended.set()
        watcher.join()
        assert self.agent.stop() == 0

    def acknowledged_at(self, offset):
        """At most so many lines were, when the trace had that length."""
        at = bisect.bisect_left(self.stored, (offset, 0))
        return self.stored[at][1] if at < len(self.stored) else self.source.issued


def start_as_another_host(stack, recorded, host):
    certificate, key = stack.issue(2, host)
    recorded.agent.settings["tls"].update(certificate=certificate, key=key)
    recorded.agent.write_settings()
    return recorded.agent.start(wait=False)


def check_arrived(stack, recorded, host, position, acknowledged):
    source = oracle.Source(recorded.source.name, 2, host)
    source.issued = source.owed = recorded.source.issued
    source.missing_allowed = acknowledged
    stored = oracle.read_store(stack.program("soc-collector"), "--store", stack.folder / "store",
                               "--from", position)
    oracle.check(stored, [source])
    numbers = {number for number, _, _ in stored.lines[source.name]}
    missing = set(range(1, source.issued + 1)) - numbers
    if missing and max(missing) > acknowledged:
        raise oracle.Finding(f"line {max(missing)} is missing; only {acknowledged} were acknowledged")
    reasons = {gap["reason"] for gap in stored.gaps}
    assert reasons <= {"released"}, f"declared as {reasons}"
    return len(missing)


@pytest.mark.parametrize("count", [25, pytest.param(2000, marks=pytest.mark.campaign)])
def test_an_agent_goes_on_from_any_disk_the_power_leaves(stack, build, count):
    stack.start_collector()
    recorded = Recorded(stack, build)
    recorded.work(6 if count < 100 else 20)
    records = crashimg.read_trace(recorded.trace)
    assert {"S", "R", "U", "D"} <= {record.kind for record in records}, "no segment was let go"
    state, released = recorded.agent.state, 0
    state.rename(stack.folder / "old-state")
    for image in crashimg.images(records, count, seed=int(os.environ.get("SOC_SEED", 1))):
        acknowledged = recorded.acknowledged_at(image.offset)
        if acknowledged == 0:
            continue  # that is a first start, which begins at the present file
        host = 1000 + image.number
        image.write(state)
        position = stack.control("status")["store"]["position"]
        process = start_as_another_host(stack, recorded, host).process
        finding = None

        def arrived():
            nonlocal finding, released
            try:
                released += check_arrived(stack, recorded, host, position, acknowledged) > 0
                return True
            except oracle.Finding as found:
                finding = found
                return False

        try:
            wait_until("everything arrived", arrived, PATIENCE_S, interval=0.1)
        except Failed:
            raise Failed(f"image {image.number} at {image.offset} (record {image.point}), acknowledged "
                         f"{acknowledged} of {recorded.source.issued}: {finding}") from None
        process.kill()
        state.rename(stack.folder / f"used-{image.number}")
    assert released > 0
