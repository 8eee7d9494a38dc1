"""A minute, an hour and three days go by: peers that are away so long, and what is counted of it."""
import os
import random
import signal
import socket
import time

import kill_loop
import oracle
import pytest
from harness import wait_until
from receiver import CarriedByHand, Receiver
from stack import Clock, fake_time, faster_time

TOPIC = "soc.H47.statistics.v1"
HOUR = 3600


class Host:
    """A soc-agent with one log that rotates."""

    def __init__(self, stack, agency, settings=None, generations=400):
        self.source = oracle.Source(f"host{agency}", agency, 1)
        self.agent = stack.agent(agency, 1, settings)
        self.log = kill_loop.Log(self.agent.logs / "app.log", self.source, random.Random(agency), generations)


# ---- a minute ---------------------------------------------------------------------


@pytest.mark.slow
def test_agents_wait_while_the_collector_is_stopped_for_a_minute(stack):
    """SIGSTOP to all its processes; real agents with the settings they are delivered with."""
    collector = stack.start_collector()
    hosts = [Host(stack, agency) for agency in (2, 3)]
    for host in hosts:
        host.agent.start()
        host.log.write(200)
        stack.wait_stored(host.source)
    everything = [collector.process.pid, *collector.process.members()]
    for pid in everything:
        os.kill(pid, signal.SIGSTOP)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for host in hosts:
            host.log.write(150)
            host.log.rotate()
        time.sleep(1.5)
    for pid in everything:
        os.kill(pid, signal.SIGCONT)
    for host in hosts:
        stack.wait_stored(host.source, 60)
        host.source.owed = host.source.issued
    assert stack.check([host.source for host in hosts]).declared() == 0


# ---- three days -------------------------------------------------------------------

STAGES = (-73 * HOUR, -71 * HOUR, -48 * HOUR, -24 * HOUR, -3 * HOUR)


class Days:
    """An agent that nobody hears for three days, and a neighbour of another agency that is heard."""

    def __init__(self, stack):
        self.stack, self.clock = stack, Clock(stack.folder)
        for agency in (2, 3):
            stack.ctl("pki", "issue", "--agency", agency, "--host", 1, "--days", 60, at="-9d")
        stack.ctl("pki", "issue", "--collector", "soc", "--ip", "127.0.0.1", "--days", 60, "--force", at="-9d")
        for name, key in (("jws", "p256"), ("xml", "rsa3072")):
            stack.ctl("pki", "issue", "--signer", name, "--key", key, "--days", 60, "--force", at="-9d")
        stack.ctl("pki", "crl", "--days", 60, at="-9d")
        self.receiver = Receiver(CarriedByHand(stack.folder / "out"), stack.folder / "pki/ca.pem", stack.folder / "received",
                                 wanted="/1h/")
        self.away = Host(stack, 2)
        self.near = oracle.Source("near", 3, 1)
        self.happened = []  # when each stage was

    def be(self, offset):
        """The agent runs on while its clock moves; the collector is started again, because its
        signer may open no file, and so cannot follow a clock that is set."""
        self.clock.set(offset)
        if self.stack.collector:
            assert self.stack.collector.stop() == 0
        self.stack.start_collector(env=fake_time(f"{offset:+d}"))

    def go_by(self, proxy):
        """Each stage is an hour of one of the days: both write, one is heard."""
        near = self.stack.wire_agent(3, 1)
        proxy.refuse()
        self.away.agent.settings["uplink"]["collector"] = [f"127.0.0.1:{proxy.port}"]
        self.away.agent.write_settings()
        self.clock.set(STAGES[0])
        self.away.agent.start(env=self.clock.env)
        for number, offset in enumerate(STAGES, 1):
            self.be(offset)
            self.happened.append(self.clock.now() - 600)
            for source in (self.near, self.away.source):
                source.happen(self.happened[-1])
            near.offer(self.near.issue(10 * number))
            self.away.log.write(100 * number)
            self.away.log.rotate()
            self.stack.wait_acked()
            self.stack.wait_derived()
        self.be(0)

    def sums(self, number, kind="1h"):
        """Records by agency in the newest message of the hour that stage was in."""
        start = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(self.happened[number]))
        body = self.receiver.statistics[f"H47/manifest/statistics/{kind}/{start}"]
        return {agency["organ_id"]: agency["records"] for agency in body["agencies"] if agency["records"]}


def test_an_agent_back_after_three_days_is_counted_where_it_belongs(stack, chaos_proxy):
    """Its lines go into the hours they tell of, which are published again; older ones are late."""
    days = Days(stack)
    proxy = chaos_proxy(stack.port)
    days.go_by(proxy)
    for happened in days.happened:
        stack.wait_recounted(sent=True, happened=happened)
    days.receiver.receive(TOPIC)
    assert [days.sums(number) for number in range(5)] == [{"H47.03": 10 * n} for n in range(1, 6)]
    before = dict(days.receiver.revisions)

    proxy.refuse(False)
    stack.wait_stored(days.away.source)
    sources = [days.away.source, days.near]
    for source in sources:
        source.owed = source.issued
    stack.check(sources)
    for happened in days.happened:
        stack.wait_recounted(sent=True, happened=happened)
    days.receiver.receive(TOPIC)
    assert days.sums(0) == {"H47.03": 10}, "older than 72 hours: counted when it came"
    for number in range(1, 5):
        assert days.sums(number) == {"H47.02": 100 * (number + 1), "H47.03": 10 * (number + 1)}
    again = [key for key, revision in before.items() if days.receiver.revisions[key] > revision]
    assert len([key for key in again if "/manifest/" in key]) == 4, "no other hour is published again"
    assert oracle.late(stack.folder / "derive/derive.db") == {2: 100}
    assert stack.collector.process.running() and days.away.agent.process.running()


# ---- an hour ----------------------------------------------------------------------


class Writer:
    """A program that logs to the agent's socket and never waits for it."""

    def __init__(self, path, source):
        self.source = source
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(10)  # it would fail then
        self.path = path

    def write(self, count):
        for line in self.source.issue(count):
            self.socket.sendto(line, str(self.path))


@pytest.mark.slow
@pytest.mark.parametrize("times", [90, pytest.param(1, marks=pytest.mark.campaign)])
def test_an_hour_with_a_full_spool_while_logs_rotate(stack, times):
    """An hour by the agent's clocks and waits. Of a log are lost the generations that were removed
    unread, whole, and that is declared; of datagrams the number is declared, to the unit."""
    path = stack.folder / "log.sock"
    host = Host(stack, 2, {
        "spool": {"bulk-size": "1MiB", "segment-size": "64KiB"},
        "syslog": {"sockets": [{"path": str(path), "buffer": "64KiB"}]},
        "uplink": {"connect-timeout": "10m", "hello-timeout": "10m", "write-timeout": "10m"},
    }, generations=3)
    stack.settings["ingest"]["heartbeat"] = "10m"  # of the agent's time, too
    stack.write_settings()
    collector = stack.start_collector()
    host.agent.start(env=faster_time(times))
    writer = Writer(path, oracle.Source("datagrams", 2, 1))
    wait_until("the socket is there", path.exists)
    sources = [host.source, writer.source]
    host.log.write(100)
    writer.write(10)
    for source in sources:
        stack.wait_stored(source)
    collector.stop()
    generations = [(1, 100 + 4000)]
    for _ in range(30):
        for _ in range(8):
            host.log.write(500)
            writer.write(100)
            time.sleep(14 / times)
        host.log.rotate()
        generations.append((host.source.issued + 1, host.source.issued + 4000))
        time.sleep(8 / times)
    host.agent.process.wait_for(r"spool\.full")
    stack.start_collector()
    wait_until("there is room again", lambda: "spool.has_room" in host.agent.process.err, 60)
    time.sleep(1)
    host.log.write(50)
    writer.write(50)
    for source in sources:
        source.owed = source.missing_allowed = source.issued
        wait_until(f"the newest line of {source.name} is stored", lambda s=source: oracle.read_newest(
            stack.program("soc-collector"), stack.folder / "collector.yaml", s) == s.issued, 120, 0.3)
    stored = stack.check(sources)
    there = set(stored.lines[host.source.name].numbers)
    lost = [(first, last) for first, last in generations[:-1] if first not in there]
    assert lost and len(lost) < 30 - 3
    assert there == set(range(1, host.source.issued + 1)) - {n for a, b in lost for n in range(a, b + 1)}
    gaps = {str(source): [gap for gap in stored.gaps if gap["source"] == str(source)]
            for source in (path, host.log.path)}
    assert sum(map(len, gaps.values())) == len(stored.gaps)
    assert 1 <= len(gaps[str(host.log.path)]) <= len(lost)
    assert {gap["reason"] for gap in gaps[str(host.log.path)]} == {"rotated"}
    unheard = writer.source.issued - len(stored.lines[writer.source.name])
    assert sum(gap["count"] for gap in gaps[str(path)]) == unheard > 0
