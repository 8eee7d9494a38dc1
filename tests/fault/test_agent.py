"""What may happen to an agent's host: disks full, clocks wrong, images restored, logs that rotate."""
import contextlib
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

import kill_loop
import oracle
import pytest
from harness import wait_until
from stack import PATIENCE_S, fake_time


class Host:
    """A soc-agent with one log, its source, and the system it reports to."""

    def __init__(self, stack, settings=None, agency=2, host=1):
        self.stack = stack
        self.source = oracle.Source(f"host-{agency}-{host}", agency, host)
        self.agent = stack.agent(agency, host, settings)
        self.log = kill_loop.Log(self.agent.logs / "app.log", self.source, random.Random(1))

    def write(self, count):
        while count > 0:
            self.log.write(min(count, 500))
            count -= 500

    def check(self, **options):
        self.stack.wait_stored(self.source)
        self.source.owed = self.source.issued
        return self.stack.check([self.source], **options)


@pytest.fixture
def host(stack):
    return Host(stack)


def test_a_file_arrives_whole_and_the_agent_drains_when_told_to_stop(stack, host):
    stack.start_collector()
    host.agent.start()
    host.write(5000)
    stack.wait_stored(host.source)
    host.write(1000)
    assert host.agent.stop() == 0
    stored = host.check()
    assert stored.declared() == 0


@pytest.mark.parametrize("rotations", [150, pytest.param(10000, marks=pytest.mark.campaign)])
def test_a_storm_of_rotations_loses_nothing(stack, host, rotations):
    stack.start_collector()
    host.agent.start()
    for number in range(rotations):
        host.log.write(1 + number % 40)
        host.log.rotate()
        time.sleep(0.02)
    host.log.write(10)
    stored = host.check()
    assert stored.declared() == 0


def test_several_rotations_while_the_agent_is_down(stack, host):
    stack.start_collector()
    host.agent.start()
    host.write(300)
    stack.wait_stored(host.source)
    host.agent.kill()
    for _ in range(5):
        host.write(200)
        host.log.rotate()
    host.write(100)
    host.agent.start()
    assert host.check().declared() == 0


def test_an_outage_with_a_full_spool_waits_and_loses_nothing(stack):
    """A file is a pull input: the spool is full, its log rotates, and all of it is read later."""
    host = Host(stack, {"spool": {"bulk-size": "1MiB", "segment-size": "64KiB"}})
    host.source.size = 0
    collector = stack.start_collector()
    host.agent.start()
    host.write(100)
    stack.wait_stored(host.source)
    collector.stop()
    for _ in range(40):
        host.write(3000)
        host.log.rotate()
        time.sleep(0.05)
    host.agent.process.wait_for(r"spool\.full|spool.*full", 30)
    assert sum(file.stat().st_size for file in (host.agent.state / "spool").rglob("*") if file.is_file()) < 4 << 20
    stack.start_collector()
    stored = host.check()
    assert stored.declared() == 0
    assert stored.states["spool-full"] and stored.states["spool-has-room"]


def test_what_rotated_away_while_the_spool_was_full_is_declared_exactly(stack):
    """Only two generations are kept: what is gone before it could be read becomes a gap."""
    host = Host(stack, {"spool": {"bulk-size": "1MiB", "segment-size": "64KiB"}})
    host.log.generations = 3
    collector = stack.start_collector()
    host.agent.start()
    host.write(100)
    stack.wait_stored(host.source)
    collector.stop()
    for _ in range(60):
        host.write(3000)
        host.log.rotate()
        time.sleep(0.05)
    stack.start_collector()
    host.write(50)

    def newest_stored():
        found = stack.stored().lines[host.source.name]
        return found and max(n for n, _, _ in found) == host.source.issued

    wait_until("the newest line is stored", newest_stored, 60, interval=0.5)
    stored = stack.stored()
    host.source.owed, host.source.missing_allowed = host.source.issued, host.source.issued
    oracle.check(stored, [host.source])
    missing = host.source.issued - len(stored.lines[host.source.name])
    gaps = [gap for gap in stored.gaps if gap["reason"] in ("rotated", "truncated")]
    assert missing > 0 and gaps, "nothing was lost: the test is too gentle"
    lost_bytes = sum(len(oracle.line(host.source.name, n)) + 1 for n in
                     set(range(1, host.source.issued + 1)) - {n for n, _, _ in stored.lines[host.source.name]})
    assert {gap["source"] for gap in gaps} == {str(host.log.path)}
    assert sum(gap["bytes"] for gap in gaps) <= lost_bytes


def test_a_line_of_a_gigabyte_costs_no_memory(stack, host):
    size = 1 << 30
    stack.start_collector()
    host.agent.start()
    host.write(10)
    stack.wait_stored(host.source)
    with open(host.log.path, "ab") as file:
        piece = b"x" * (1 << 20)
        for _ in range(size // len(piece)):
            file.write(piece)
        file.write(b"\n")
    host.write(10)
    wait_until("the lines behind it arrive",
               lambda: (stack.ledger(2, 1) or (0,))[0] >= host.source.issued + 1, 90)
    stack.wait_derived()
    stored = stack.stored()
    host.source.owed = host.source.issued
    (long,) = stored.strange
    assert set(long) == {ord("x")} and len(long) == 64 << 10
    stored.strange = []
    oracle.check(stored, [host.source])
    (truncated,) = [gap for gap in stored.gaps] or [None]
    assert truncated is None
    status = (host.agent.process.pid, "VmHWM")
    peak = int(next(line.split()[1] for line in open(f"/proc/{status[0]}/status") if line.startswith(status[1])))
    assert peak < 64 * 1024, f"{peak} KiB"


def test_a_new_log_that_rotates_while_its_agent_is_killed_is_read_whole(stack, host):
    """Whether the agent had seen it before, or had a bookmark of it, or not."""
    stack.start_collector()
    host.agent.start()
    sources = []
    for number, delay in enumerate((0, 0.02, 0.06, 0.3, 1)):
        source = oracle.Source(f"new-{number}", 2, 1)
        log = kill_loop.Log(host.agent.logs / f"new{number}.log", source, random.Random(number))
        log.write(50)
        time.sleep(delay)
        host.agent.kill()
        for _ in range(3):
            log.write(20)
            log.rotate()
        log.write(1)
        host.agent.start()
        sources.append(source)
    for source in sources:
        stack.wait_stored(source)
        source.owed = source.issued
    assert stack.check(sources).declared() == 0


class Talker:
    """A program that logs to the agent's socket with sends that wait, but not for as long as a disk."""

    PATIENCE_S = 10

    def __init__(self, stack, buffer, settings=None):
        self.path = stack.folder / "dev-log"
        self.host = Host(stack, {"syslog": {"sockets": [{"path": str(self.path), "buffer": buffer}]},
                                 **(settings or {})})
        self.source = self.host.source

    def start(self, env=None):
        self.host.agent.start(env=env)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", self.PATIENCE_S, 0))
        self.socket.connect(str(self.path))

    def say(self, count):
        for line in self.source.issue(count):
            self.socket.send(line)

    def is_heard(self):
        """Is the last line stored? Says another one when it is not."""
        stack = self.host.stack
        newest = oracle.read_newest(stack.program("soc-collector"), stack.folder / "collector.yaml", self.source)
        if newest == self.source.issued:
            return True
        self.say(1)
        return False

    def check(self):
        """Every line is stored or declared, and the sum is exact."""
        stack, source = self.host.stack, self.source
        stack.wait_stored(source)
        source.owed = source.missing_allowed = source.issued
        stored = stack.check([source])
        assert len(stored.lines[source.name]) + stored.declared() == source.issued
        return stored


def test_a_program_that_logs_does_not_wait_for_the_agents_disk(stack, build):
    """One sync takes longer than the program would wait."""
    talker = Talker(stack, "8MiB")
    agent, rules, report = talker.host.agent, stack.folder / "rules", stack.folder / "report"
    rules.write_text("")
    agent.state.mkdir(mode=0o700)
    stack.start_collector()
    library = {"LD_PRELOAD": build / "tests/support/libfault.so", "SOC_FAULT_FILE": rules,
               "SOC_FAULT_PATH": agent.state, "SOC_FAULT_REPORT": report}
    talker.start(env=library)
    rules.write_text(f"sync:delay={talker.PATIENCE_S * 1500}:times=1")
    for _ in range(40):
        talker.say(25)
        time.sleep(0.02)
    assert talker.check().declared() == 0
    assert agent.stop() == 0
    assert re.search(r"fired=[1-9]", report.read_text()), report.read_text()


def test_a_program_that_logs_does_not_wait_for_a_full_spool(stack):
    """What neither spool nor buffer can hold is declared to the line."""
    talker = Talker(stack, "64KiB", {"spool": {"bulk-size": "1MiB", "segment-size": "64KiB"}})
    collector = stack.start_collector()
    talker.start()
    talker.say(100)
    stack.wait_stored(talker.source)
    collector.stop()
    while "spool.full" not in talker.host.agent.process.err:
        talker.say(2000)
    talker.say(10000)
    stack.start_collector()
    wait_until("there is room again", talker.is_heard, PATIENCE_S, interval=0.5)
    stored = talker.check()
    assert stored.declared() > 0
    assert {gap["reason"] for gap in stored.gaps} == {"queue_full"}


SMALL_SPOOL = {"spool": {"bulk-size": "1MiB", "segment-size": "64KiB"}}


def fill_spool(talker):
    """The collector is gone; the talker goes on until the spool, then the buffer is full, and longer."""
    stack = talker.host.stack
    collector = stack.start_collector()
    talker.start()
    talker.say(100)
    stack.wait_stored(talker.source)
    collector.stop()
    while "spool.full" not in talker.host.agent.process.err:
        talker.say(2000)
    talker.say(5000)


@pytest.mark.parametrize("connected", [False, True])
def test_an_agent_told_to_stop_with_a_full_spool_declares_to_the_line(stack, connected):
    """What was in memory cannot be read again: it is stored or declared, now or by the next start."""
    talker = Talker(stack, "256KiB", SMALL_SPOOL)
    agent = talker.host.agent
    fill_spool(talker)
    if connected:
        stack.start_collector()
        agent.process.wait_for(r"(?s)uplink\.disconnected.*uplink\.connected", 60)
    assert agent.stop() == 0
    if not connected:
        stack.start_collector()
    talker.start()
    wait_until("the end is stored", talker.is_heard, PATIENCE_S, interval=0.5)
    stored = talker.check()
    assert stored.declared() > 0
    assert {gap["reason"] for gap in stored.gaps} == {"queue_full"}


def test_an_agent_killed_with_a_full_spool_declares_what_it_had_written_down(stack):
    """The losses it knew of are in its bookmark. What was only in memory nobody can know."""
    talker = Talker(stack, "64KiB", SMALL_SPOOL)
    agent = talker.host.agent
    fill_spool(talker)
    wait_until("the losses are written down",
               lambda: str(talker.path).encode() in (agent.state / "bookmark").read_bytes(), PATIENCE_S)
    agent.kill()
    stack.start_collector()
    talker.start()
    wait_until("the end is stored", talker.is_heard, PATIENCE_S, interval=0.5)
    talker.source.owed = talker.source.missing_allowed = talker.source.issued
    stored = stack.check([talker.source])
    assert 0 < stored.declared() <= talker.source.issued - len(stored.lines[talker.source.name])


YEAR_2036 = 1767225600 + 10 * 31556952  # within days


@pytest.mark.parametrize("at", ["-3d", "+3d", "@2036-01-01 00:00:00"])
def test_a_clock_that_is_wrong_changes_nothing_that_counts(stack, host, at):
    """Certificates are judged by it too, so these last until then."""
    stack.ctl("pki", "issue", "--collector", "soc", "--ip", "127.0.0.1", "--days", 3640, "--force", at="-9d")
    stack.ctl("pki", "crl", "--days", 60, at="-9d")
    if "2036" in at:
        host.agent.settings["tls"]["crl"] = ""
        host.agent.write_settings()
    collector = stack.start_collector()
    host.agent.start(env=fake_time(at))
    host.write(200)
    stored = host.check()
    assert stored.declared() == 0 and collector.process.running()
    days = stack.control("agents")["agents"][0]["clock_offset_ms"] / 86400e3
    expected = (YEAR_2036 - time.time()) / 86400 if "2036" in at else int(at[:-1])
    assert days == pytest.approx(expected, abs=3 if "2036" in at else 0.1)
    assert all(start < time.time() + 60 for start in oracle.windows(stack.folder / "derive/derive.db"))


def test_a_clock_beyond_all_certificates_keeps_everything_until_it_is_right(stack, host):
    stack.start_collector()
    host.agent.start(env=fake_time("@2036-01-01 00:00:00"))
    host.write(500)
    host.log.rotate()
    host.write(500)
    host.agent.process.wait_for(r"uplink\.disconnected reason=.*(expired|not yet valid|certificate|CRL)")
    time.sleep(1)
    assert stack.ledger(2, 1) == (0, 0)
    host.agent.kill()
    host.agent.start()
    assert host.check().declared() == 0


def test_an_agent_back_after_three_days_delivers_everything(stack, host):
    """It was cut off; its clock and the collector's went on for three days."""
    collector = stack.start_collector()
    host.agent.start()
    host.write(100)
    stack.wait_stored(host.source)
    collector.stop()
    host.write(2000)
    host.log.rotate()
    time.sleep(1)
    host.agent.stop()
    stack.ctl("pki", "crl", "--days", 30)
    stack.start_collector(env=fake_time("+3d"))
    host.agent.start(env=fake_time("+3d"))
    host.write(100)
    stack.wait_stored(host.source)
    host.source.owed = host.source.issued
    stack.wait_derived()
    stored = stack.stored()
    oracle.check(stored, [host.source])
    oracle.check_statistics(stored, stack.folder / "derive/derive.db")
    assert stored.declared() == 0


def test_a_restored_image_of_the_spool_starts_a_new_history(stack, host):
    """Yesterday's backup of the host comes back: stored twice perhaps, lost never, and it shows."""
    stack.start_collector()
    host.agent.start()
    host.write(500)
    stack.wait_stored(host.source)
    host.agent.stop()
    shutil.copytree(host.agent.state, stack.folder / "image")
    host.agent.start()
    host.write(700)
    stack.wait_stored(host.source)
    host.agent.kill()
    shutil.rmtree(host.agent.state)
    shutil.copytree(stack.folder / "image", host.agent.state)
    host.agent.start()
    host.write(300)
    wait_until("the newest line is stored", lambda: max(
        (n for n, _, _ in stack.stored().lines[host.source.name]), default=0) == host.source.issued, 30, 0.3)
    host.source.owed = host.source.issued
    stored = stack.check([host.source], duplicates_allowed=True)
    epochs = {key[3] for key in stored.streams if key[:3] == (2, 1, 1)}
    assert len(epochs) == 2, "the restored spool went on under the old epoch"
    assert stored.states["epoch-chosen"] >= 1 and stored.notes["agent-new-history"] >= 1


def test_a_clone_is_refused_while_the_first_one_lives(stack, host):
    stack.start_collector()
    host.agent.start()
    host.write(100)
    stack.wait_stored(host.source)
    host.agent.stop()
    twin = host.agent.folder.with_name("twin")
    shutil.copytree(host.agent.folder, twin)
    host.agent.start()
    host.write(100)
    stack.wait_stored(host.source)
    (twin / "agent.yaml").write_text((host.agent.path).read_text().replace(str(host.agent.folder), str(twin)))
    clone = stack.processes.start(stack.program("soc-agent"), "run", "-c", twin / "agent.yaml", name="twin")
    wait_until("the clone is refused and said",
               lambda: stack.counter("ingest.sessions_refused") >= 1 and clone.running(), 20)
    host.write(100)
    stack.wait_stored(host.source)
    host.agent.stop()
    wait_until("the clone's own history is taken", lambda: clone.running() and len(
        [s for s in stack.control("ledger")["streams"] if (s["agency"], s["lane"]) == (2, 1)]) >= 1, 20)
    host.source.owed = host.source.issued
    stored = stack.check([host.source], duplicates_allowed=True)
    assert stored.notes["agent-duplicate"] >= 1


@pytest.fixture
def small_state(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "soc-test", folder],
                          capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no small file system here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_under_the_spool_makes_inputs_wait(stack, small_state):
    host = Host(stack, {"state": str(small_state / "state")})
    stack.start_collector()
    host.agent.start()
    host.write(100)
    stack.wait_stored(host.source)
    ballast = small_state / "ballast"
    with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    host.write(30000)
    host.log.rotate()
    host.write(1000)
    time.sleep(1.5)
    assert host.agent.process.running()
    ballast.unlink()
    stored = host.check()
    assert stored.declared() == 0


def fill(folder):
    """To the last byte; the file that does it."""
    with open(folder / "ballast", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return folder / "ballast"


@pytest.mark.parametrize("lost", [None, "bookmark"])
def test_an_agent_starts_on_the_disk_its_spool_has_filled_and_drains_it(stack, small_state, lost):
    """No byte is free when it starts, not even for the bookmark; a damaged one means new epochs."""
    host = Host(stack, {"state": str(small_state / "state")})
    (small_state / "others").write_bytes(bytes(1700 << 10))
    host.agent.start()
    host.write(50000)
    host.agent.process.wait_for(r"spool\.full", 60)
    host.agent.kill()
    if lost:
        content = bytearray((small_state / "state" / lost).read_bytes())
        content[20] ^= 1
        (small_state / "state" / lost).write_bytes(content)
    ballast = fill(small_state)
    stack.start_collector()
    host.agent.start()
    stored = host.check()
    assert stored.declared() == 0
    assert ballast.exists()
    used = sum(file.stat().st_size for file in (small_state / "state/spool").rglob("*") if file.is_file())
    wait_until("the spool is given back", lambda: sum(
        file.stat().st_size for file in (small_state / "state/spool/bulk").glob("*.seg")) < used, 20)


@pytest.mark.parametrize("fault", ["write:ENOSPC:every=5", "sync:EIO:every=4", "rename:EIO:every=3",
                                   "open:ENOSPC:every=4", "write:short:every=3", "unlink:EIO:every=2"])
def test_calls_that_fail_now_and_then_lose_nothing(stack, host, build, fault):
    rules = stack.folder / "rules"
    rules.write_text("")
    host.agent.state.mkdir(mode=0o700)
    stack.start_collector()
    host.agent.start(env={"LD_PRELOAD": build / "tests/support/libfault.so", "SOC_FAULT_FILE": rules,
                          "SOC_FAULT_PATH": host.agent.state})
    host.write(100)
    stack.wait_stored(host.source)
    rules.write_text(fault)
    for _ in range(20):
        host.write(200)
        time.sleep(0.05)
    rules.write_text("")
    if not host.agent.process.running():
        host.agent.start()
    host.write(100)
    stored = host.check(duplicates_allowed=False)
    assert stored.declared() == 0


def test_a_stopped_agent_goes_on_and_its_neighbour_never_noticed(stack, host):
    stack.settings["ingest"]["heartbeat"] = "1s"
    stack.write_settings()
    stack.start_collector()
    other = Host(stack, agency=3, host=1)
    for one in (host, other):
        one.agent.start()
        one.write(100)
        stack.wait_stored(one.source)
    host.write(20000)  # in the middle of frames
    time.sleep(0.05)
    host.agent.process.signal(signal.SIGSTOP)
    for _ in range(10):
        other.write(100)
        stack.wait_stored(other.source, 5)
        time.sleep(0.4)
    host.agent.process.signal(signal.SIGCONT)
    for one in (host, other):
        stack.wait_stored(one.source)
        one.source.owed = one.source.issued
    stack.check([host.source, other.source])
