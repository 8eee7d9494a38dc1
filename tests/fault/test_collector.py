"""What may happen to a running collector: stopped, disk full, answers lost, Kafka away."""
import contextlib
import json
import os
import signal
import re
import subprocess
import time

import oracle
import pytest
from harness import Failed, wait_until
from stack import fake_time


def send(stack, agent, source, count, each=50):
    end = source.issued + count
    while source.issued < end:
        agent.offer(source.issue(min(each, end - source.issued)))


def owe(*sources):
    for source in sources:
        source.owed = source.issued


@pytest.mark.parametrize("seconds", [4, pytest.param(60, marks=pytest.mark.campaign)])
def test_a_stopped_collector_goes_on_where_it_was(stack, seconds):
    stack.settings["ingest"]["heartbeat"] = "1s"  # three of them pass
    stack.write_settings()
    collector = stack.start_collector()
    sources = [oracle.Source(f"s{host}", 2, host) for host in (1, 2, 3)]
    agents = [stack.wire_agent(2, host) for host in (1, 2, 3)]
    for agent, source in zip(agents, sources):
        send(stack, agent, source, 1000)
    everything = [collector.process.pid, *collector.process.members()]
    for pid in everything:
        os.kill(pid, signal.SIGSTOP)
    for agent, source in zip(agents, sources):
        send(stack, agent, source, 500)
    time.sleep(seconds)
    for pid in everything:
        os.kill(pid, signal.SIGCONT)
    stack.wait_acked()
    owe(*sources)
    stack.check(sources)


@pytest.mark.parametrize("rounds", [60, pytest.param(10000, marks=pytest.mark.campaign)])
def test_answers_that_were_lost_make_no_duplicates(stack, chaos_proxy, rounds):
    """The connection is cut on the way back: stored, and the sender does not know."""
    stack.start_collector()
    proxy = chaos_proxy(stack.port)
    source = oracle.Source("cut", 3, 2)
    agent = stack.wire_agent(3, 2, port=proxy.port)
    for number in range(rounds):
        proxy.down.cut_after(1 + number * 37 % 4000)
        agent.offer(source.issue(20))
        sessions = agent.sessions
        wait_until("the entry is acknowledged", lambda: agent.broken or not agent.waiting(), 15)
        if agent.sessions == sessions:  # not cut this time: the next one surely is
            proxy.reset_all()
    owe(source)
    assert agent.sessions > rounds / 2
    stack.wait_acked()
    stack.check([source])
    assert stack.control("status")["store"]["duplicates"] > 0 or rounds < 1000


def test_bits_turned_over_on_the_way_are_noticed(stack, chaos_proxy):
    stack.start_collector()
    proxy = chaos_proxy(stack.port)
    source = oracle.Source("flip", 3, 2)
    agent = stack.wire_agent(3, 2, port=proxy.port)
    for number in range(20):
        (proxy.up if number % 2 else proxy.down).flip_after(number * 53 % 700)
        agent.offer(source.issue(20))
        stack.wait_acked([agent])
    owe(source)
    stack.check([source])


# ---- the disk ---------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few MiB at tmp_path/disk."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "soc-test", folder],
                          capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no small file system here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    """Takes the last byte of the disk; returns the file that has it."""
    ballast = folder / "ballast"
    with open(ballast, "wb", buffering=0) as file:  # nothing is left to write when it is closed
        for size in (65536, 512):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))
    return ballast


def test_a_full_disk_makes_agents_wait_and_loses_nothing(stack, small_disk):
    """The reserve is touched, then another fills the disk whole, then there is room again."""
    stack.settings["store"]["dir"] = str(small_disk / "store")
    stack.write_settings()
    collector = stack.start_collector()
    source = oracle.Source("full", 2, 1)
    agent = stack.wire_agent(2, 1)
    send(stack, agent, source, 200)
    stack.wait_acked()
    ballast = fill(small_disk)
    send(stack, agent, source, 500)
    wait_until("the store refuses", lambda: stack.control("status")["store"]["refusing"])
    acked = agent.acked
    time.sleep(0.5)
    assert agent.acked == acked == 200
    collector.process.wait_for(r"store\.refusing")
    status = stack.control("status")
    assert "ingest.frames_refused" not in status["counters"], "who is made to wait did nothing wrong"
    ballast.unlink()
    stack.wait_acked()
    owe(source)
    assert not stack.control("status")["store"]["refusing"]
    assert not stack.control("status")["store"]["failed"]
    stack.check([source])
    collector.kill()
    stack.start_collector()
    send(stack, agent, source, 50)
    stack.wait_acked()
    owe(source)
    stack.check([source])


def test_a_full_disk_under_the_counting_delays_it_and_changes_no_count(stack, small_disk):
    """Statistics, outbox and output are full; the store has room, and agents notice nothing."""
    stack.settings["derive"]["dir"] = str(small_disk / "derive")
    stack.settings["forward"]["file"]["dir"] = str(small_disk / "out")
    stack.write_settings()
    collector = stack.start_collector()
    source = oracle.Source("counted", 2, 1)
    agent = stack.wire_agent(2, 1)
    send(stack, agent, source, 200)
    stack.wait_acked()
    stack.wait_derived()
    ballast = fill(small_disk)
    for _ in range(10):
        send(stack, agent, source, 300)
        stack.wait_acked()
        time.sleep(0.1)
    status = stack.control("status")
    assert status["derived"] < status["store"]["position"], "the disk was not full for the counting"
    collector.process.wait_for(r"derive\.")
    ballast.unlink()
    owe(source)
    (stack.folder / "derive").symlink_to(small_disk / "derive")  # where the oracle looks
    stack.check([source])
    stack.wait_recounted(sent=True)


@pytest.mark.parametrize("fault", ["write:ENOSPC:times=3", "write:short:every=5;write:ENOSPC:times=2",
                                   "sync:ENOSPC:times=1", "open:ENOSPC:times=2", "rename:ENOSPC:times=2"])
def test_any_call_may_find_the_disk_full(stack, build, fault):
    """As far as it can the collector goes on by itself; a restart always helps; nothing is lost."""
    store = stack.folder / "store"
    store.mkdir(mode=0o700)
    rules = stack.folder / "rules"
    rules.write_text("")
    stack.settings["store"]["segment-age"] = "1s"
    stack.write_settings()
    stack.start_collector(env={"LD_PRELOAD": build / "tests/support/libfault.so", "SOC_FAULT_PATH": store,
                               "SOC_FAULT_WORD": "ingest", "SOC_FAULT_FILE": rules})
    source = oracle.Source("nospace", 2, 1)
    agent = stack.wire_agent(2, 1)
    send(stack, agent, source, 100)
    stack.wait_acked()
    rules.write_text(fault)
    for _ in range(15):  # over the age of a segment
        send(stack, agent, source, 50)
        time.sleep(0.1)
    rules.write_text("")
    stack.wait_acked()  # a store that failed was started again
    owe(source)
    stack.check([source])


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.campaign)])
def test_a_kill_at_every_write_of_the_counting_changes_no_count(stack, build, step):
    """The role dies behind the n-th write into derive.db, for each n."""
    folder = stack.folder / "derive"
    folder.mkdir(mode=0o700)
    rules = stack.folder / "rules"
    rules.write_text("")
    env = {"LD_PRELOAD": build / "tests/support/libfault.so", "SOC_FAULT_PATH": folder,
           "SOC_FAULT_WORD": "ingest", "SOC_FAULT_FILE": rules}
    collector = stack.start_collector(env=env)
    source = oracle.Source("counted", 2, 1)
    agent = stack.wire_agent(2, 1)
    for nth in range(1, 71, step):
        dead = collector.role("ingest")
        rules.write_text(f"write:killafter:nth={nth}")
        while os.path.exists(f"/proc/{dead}/fd"):
            send(stack, agent, source, 20)
            time.sleep(0.02)
        rules.write_text("")
        collector.kill()  # and begun anew, because its supervisor would wait longer each time
        collector = stack.start_collector(env=env)
        stack.wait_acked()
        owe(source)
        if nth % 3 == 1:
            stack.check([source])
    stack.check([source])


# ---- Kafka ------------------------------------------------------------------------

TOPIC = "soc.H47.statistics.v1"


class Feed:
    """A collector that publishes to the mock cluster, and what a receiver makes of it."""

    def __init__(self, stack, kafka):
        self.stack, self.kafka = stack, kafka
        stack.settings["forward"].update({"output": "kafka", "kafka": {
            **stack.settings["forward"].get("kafka", {}),
            "brokers": kafka.bootstrap, "delivery-timeout": "2s"}})
        stack.write_settings()
        stack.start_collector()
        self.sources = [oracle.Source(f"k{agency}", agency, 1) for agency in (2, 3)]
        self.agents = [stack.wire_agent(agency, 1) for agency in (2, 3)]

    def work(self, count=200):
        for agent, source in zip(self.agents, self.sources):
            send(self.stack, agent, source, count)
        self.stack.wait_acked()
        owe(*self.sources)

    def check(self):
        """The receiver, keeping the highest revision of each key, has what the store has."""
        self.stack.wait_recounted(sent=True, timeout=30)
        stored = self.stack.check(self.sources)
        self.stack.wait_recounted(sent=True, timeout=30)
        latest = {}
        for message in self.kafka.consume(TOPIC):
            revision = int(message.headers["revision"])
            if revision >= latest.get(message.key, (0, None))[0]:
                latest[message.key] = (revision, json.loads(message.value))
        hour = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(oracle.HAPPENED))
        for kind, start in (("1h", hour),):
            body = latest[f"H47/manifest/statistics/{kind}/{start}"][1]
            records = {a["organ_id"]: a["records"] for a in body["agencies"] if a["records"]}
            expected = {f"H47.{s.agency:02}": s.owed for s in self.sources}
            assert records == expected, (records, expected, stored.counts)


def test_a_day_without_kafka_disturbs_nobody(stack, mock_kafka):
    feed = Feed(stack, mock_kafka)
    feed.work()
    feed.check()
    mock_kafka.down()
    feed.work()  # acknowledged and counted as ever
    stack.check(feed.sources)
    stack.collector.kill()  # what waits survives
    stack.start_collector()
    feed.work()
    wait_until("a message is given up for now", lambda: stack.counter("kafka.failed") > 0, 20)
    with pytest.raises(Failed):
        stack.wait_recounted(sent=True, timeout=1)
    mock_kafka.up()
    feed.check()


def test_slow_and_erring_brokers_get_every_message_in_the_end(stack, mock_kafka):
    feed = Feed(stack, mock_kafka)
    feed.work()
    feed.check()
    mock_kafka.rtt(700)
    feed.work()
    feed.check()
    mock_kafka.rtt(1)
    for code in ("NOT_LEADER_FOR_PARTITION", "REQUEST_TIMED_OUT", "NOT_ENOUGH_REPLICAS"):
        mock_kafka.error(3, code)
        feed.work(60)
        feed.check()


@pytest.mark.parametrize("code", ["MSG_SIZE_TOO_LARGE", "INVALID_MSG"])
def test_a_message_the_broker_will_never_take_holds_up_no_other(stack, mock_kafka, code):
    """It is set aside, that is said, a recount tells it, and the next revisions go."""
    feed = Feed(stack, mock_kafka)
    feed.work()
    feed.check()
    mock_kafka.error(1, code)
    feed.work()
    stack.collector.process.wait_for(r"forward\.refused row=", 20)
    stack.wait_derived()
    stack.wait_missed()
    feed.work()
    feed.check()


def in_order(messages):
    """Keys that came, each once; within a partition they must have come in the order of the outbox."""
    keys = [(m.partition, int(m.key.rpartition("/")[2]), m.key) for m in messages if m.key]
    first = list(dict.fromkeys(sorted(keys, key=lambda key: key[0])))
    assert first == sorted(first), first
    return sorted(key for _, _, key in first)


@pytest.mark.parametrize("code", ["TOPIC_AUTHORIZATION_FAILED", "UNKNOWN_TOPIC_OR_PART", "NOT_ENOUGH_REPLICAS"])
def test_a_topic_that_takes_nothing_holds_up_no_other(stack, mock_kafka, code):
    """More than a window of messages that fail; those of the other type go, to the last."""
    other = "soc.H47.incident.v1"
    stack.settings["forward"]["kafka"] = {"properties": ["topic.metadata.refresh.interval.ms=500"]}
    mock_kafka.topic_error(other, code)
    feed = Feed(stack, mock_kafka)
    keys = stack.queue_messages("incident", 100)
    wait_until("the first window failed", lambda: (t := stack.topic("incident")) and t["failures"] and t["in_flight"] <= 1, 60)
    feed.work()
    stack.wait_recounted()
    wait_until("the others are sent", lambda: stack.topic("statistics")["waiting"] == 0, 30)
    bad, good = stack.topic("incident"), stack.topic("statistics")
    assert bad["waiting"] == 100 and bad["sent"] == 0 and bad["reason"] and bad["failing_since"], bad
    assert bad["state"] in ("waits", "tries") and bad["in_flight"] <= 1, bad
    assert good["state"] == "sends" and good["failures"] == 0 and good["reason"] is None, good
    mock_kafka.topic_error(other, "NO_ERROR")
    wait_until("it goes on", lambda: stack.topic("incident")["waiting"] == 0, 60)
    assert in_order(mock_kafka.consume(other)) == sorted(keys)
    good = stack.topic("incident")
    assert good["state"] == "sends" and good["reason"] is None and good["sent"] == 100, good
    feed.check()


def test_a_message_that_fails_by_itself_lets_others_of_its_topic_go(stack, mock_kafka):
    """It is set aside, which the status says, and goes when it is taken."""
    stack.settings["forward"].update({"retry": "100ms", "retry-most": "100ms", "retry-aside": "5s"})
    mock_kafka.error(36, "INVALID_CONFIG")  # of which nobody says that it concerns all of a topic
    feed = Feed(stack, mock_kafka)
    keys = stack.queue_messages("incident", 5)
    aside = wait_until("others pass it", lambda: (t := stack.topic("incident")) and t["aside"] and t["sent"] and t, 60)
    assert aside["waiting"] >= aside["aside"] and aside["aside_reason"] and aside["aside_since"], aside
    assert len(re.findall(rf"forward\.aside row={aside['aside_row']} ", stack.collector.process.err)) == 1
    wait_until("it goes too", lambda: stack.topic("incident")["waiting"] == 0, 60)
    done = stack.topic("incident")
    assert done["aside"] == 0 and done["sent"] == 5, done
    assert sorted(m.key for m in mock_kafka.consume("soc.H47.incident.v1")) == sorted(keys)
    feed.work()
    feed.check()


def test_kills_between_sending_and_its_report_change_no_count(stack, mock_kafka):
    feed = Feed(stack, mock_kafka)
    for number in range(12):
        mock_kafka.rtt(1 + 40 * (number % 3))
        feed.work(30)
        time.sleep(0.03 * number)
        stack.collector.kill()
        stack.start_collector()
    mock_kafka.rtt(1)
    feed.check()


def test_a_clock_that_jumps_ahead_removes_nothing(stack):
    """Ten years ahead every segment is too old; retention does not believe it."""
    stack.settings["store"]["segment-age"] = "1s"
    stack.write_settings()
    stack.start_collector()
    agent = stack.wire_agent(2, 1)
    source = oracle.Source("old", 2, 1)
    for _ in range(4):
        send(stack, agent, source, 200)
        stack.wait_acked()
        time.sleep(1.1)
    owe(source)

    def sealed():
        return sorted((stack.folder / "store").glob("class-*/*.sealed"))

    wait_until("segments are sealed", sealed)
    stack.collector.stop()
    before = sealed()
    collector = stack.start_collector(env={**os.environ, **fake_time("+3700d")}, wait=False)
    collector.process.wait_for("store.age.held", 30)
    assert set(before) <= set(sealed())
    collector.stop()
    stack.start_collector()
    stack.check([source])


def test_reloads_while_roles_start_end_nothing_and_are_done_when_they_run(stack):
    for _ in range(3):
        collector = stack.start_collector(wait=False)
        collector.process.wait_for("supervise.started role=ingest", 20)
        for _ in range(20):
            collector.process.signal(signal.SIGHUP)
            time.sleep(0.005)
        collector.process.wait_for("collector.reloaded", 30)
        assert stack.control("status")["version"]
        assert collector.stop() == 0


def test_a_reload_gives_the_signer_its_keys_anew(stack):
    collector = stack.start_collector()
    before = {role: collector.role(role) for role in ("signer", "ingest")}
    collector.process.signal(signal.SIGHUP)
    collector.process.wait_for("supervise.stopped role=signer", 20)
    wait_until("it runs again", lambda: collector.role("signer") not in (None, before["signer"]))
    assert collector.role("ingest") == before["ingest"]
    agent = stack.wire_agent(2, 1)
    source = oracle.Source("signed", 2, 1)
    send(stack, agent, source, 20)
    stack.wait_acked()
    owe(source)
    stack.check([source])
