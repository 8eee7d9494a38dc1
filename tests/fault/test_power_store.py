"""The power goes while the collector stores: what was acknowledged is on every disk it may leave.

The ingest role runs with its writes recorded. Whoever hears an acknowledgement notes how long
the record of writes is then; a disk of a later moment has to hold what was acknowledged.
"""
import os
import random
import subprocess
import time

import crashimg
import oracle
import pytest
from harness import wait_until


class Recorded:
    """A collector at work, with the trace of a folder and when acknowledgements came."""

    def __init__(self, stack, build, traced="store"):
        self.stack = stack
        folder = stack.folder / traced
        folder.mkdir(mode=0o700)
        stack.settings["store"].update({"segment-age": "1s", "commit-delay": "1ms"})
        stack.write_settings()
        stack.start_collector(env={
            "LD_PRELOAD": build / "tests/support/libfault.so",
            "SOC_FAULT_PATH": folder,
            "SOC_FAULT_WORD": "ingest",
            "SOC_IOTRACE": stack.folder / "trace.%p",
        })
        self.trace = stack.folder / f"trace.{stack.collector.role('ingest')}"
        self.sources = []
        self.heard = []  # (source's number, acknowledged line, length of the trace)

    def add(self, agency, host):
        source = oracle.Source(f"src-{agency}-{host}", agency, host)
        number = len(self.sources)
        self.sources.append(source)
        agent = self.stack.wire_agent(agency, host, start=False)
        agent.on_ack = lambda acked: self.heard.append((number, acked, os.path.getsize(self.trace)))
        agent.start()
        return agent, source

    def work(self, seconds, seed):
        rng = random.Random(seed)
        pairs = [self.add(agency, host) for agency, host in ((2, 1), (2, 2), (3, 1))]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            agent, source = rng.choice(pairs)
            if agent.waiting() < 20:
                agent.offer(source.issue(rng.randrange(1, 10)))
            time.sleep(0.02 * rng.random())
        self.stack.wait_acked()
        assert self.stack.collector.stop() == 0

    def owed_at(self, offset):
        """The sources, each owing what had been acknowledged at that point of the trace."""
        owed = []
        for number, source in enumerate(self.sources):
            one = oracle.Source(source.name, source.agency, source.host, source.size)
            one.issued = source.issued
            one.owed = max((acked for n, acked, at in self.heard if n == number and at <= offset), default=0)
            owed.append(one)
        return owed


@pytest.mark.parametrize("count", [120, pytest.param(int(os.environ.get("SOC_IMAGES", 10000)), marks=pytest.mark.campaign)])
def test_no_power_cut_loses_what_was_acknowledged(stack, program, build, tmp_path, count):
    recorded = Recorded(stack, build)
    recorded.work(4 if count < 1000 else 15, seed=count)
    records = crashimg.read_trace(recorded.trace)
    kinds = {record.kind for record in records}
    assert {"S", "D", "R", "U"} <= kinds, "the work made no segment be sealed: too little was tested"
    undone = held = 0
    for image in crashimg.images(records, count, seed=int(os.environ.get("SOC_SEED", 1))):
        folder = image.write(tmp_path / "image")
        owed = recorded.owed_at(image.offset)
        name = f"image {image.number} at {image.offset} (record {image.point})"
        done = subprocess.run([program("store_recover"), folder], capture_output=True, text=True)
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        undone += '"undone_blocks":0,"torn_bytes":0,' not in done.stdout
        try:
            oracle.check(oracle.read_store(program("soc-collector"), "--store", folder), owed)
        except oracle.Finding as finding:
            raise AssertionError(f"{name}: {done.stdout}\n{finding}") from finding
        held += any(source.owed for source in owed)
        subprocess.run(["rm", "-r", folder], check=True)
    print(f"{held} of {count} images held acknowledged lines, {undone} had something undone or torn")
    assert held > count / 2 and undone > 0


def keep_data_in(stack, folder):
    stack.settings["store"]["dir"] = str(folder / "store")
    stack.settings["derive"]["dir"] = str(folder / "derive")
    stack.write_settings()


@pytest.mark.parametrize("count", [15, pytest.param(600, marks=pytest.mark.campaign)])
def test_a_power_cut_under_store_and_counting_changes_no_count(stack, build, count):
    """A collector starts on the disk that was left, counts what it had not, and a recount agrees."""
    data = stack.folder / "data"
    keep_data_in(stack, data)
    recorded = Recorded(stack, build, "data")
    recorded.work(4, seed=count)
    stack.end()  # agents remember what a disk of an earlier moment does not hold yet
    stack.agents.clear()
    records = crashimg.read_trace(recorded.trace)
    data.rename(stack.folder / "old")
    counted = 0
    for image in crashimg.images(records, count, seed=int(os.environ.get("SOC_SEED", 1))):
        owed = recorded.owed_at(image.offset)
        if not any(source.owed for source in owed):
            continue
        folder = image.write(stack.folder / f"image-{image.number}")
        keep_data_in(stack, folder)
        (stack.folder / "derive").unlink(missing_ok=True)
        (stack.folder / "derive").symlink_to(folder / "derive")  # where the oracle looks
        stack.start_collector()
        try:
            stack.check(owed)
        except AssertionError as failed:
            raise AssertionError(f"image {image.number} at {image.offset} (record {image.point}): {failed}") from failed
        stack.collector.kill()
        counted += 1
    assert counted > count / 2


def test_a_reader_beside_a_dead_collector_sees_what_was_acknowledged(stack, program, build, tmp_path):
    """The export of a store that nobody has recovered yet."""
    recorded = Recorded(stack, build)
    recorded.work(1.5, seed=3)
    for image in crashimg.images(crashimg.read_trace(recorded.trace), 25, seed=3):
        owed = recorded.owed_at(image.offset)
        if not any(source.owed for source in owed):
            continue  # there need not be a store yet
        folder = image.write(tmp_path / f"image-{image.number}")
        oracle.check(oracle.read_store(program("soc-collector"), "--store", folder), owed)


def test_the_first_failed_fsync_is_the_last(stack, build):
    """EIO on a commit: nothing more is acknowledged until the role is started again."""
    store = stack.folder / "store"
    store.mkdir(mode=0o700)
    rules = stack.folder / "rules"
    rules.write_text("")
    stack.start_collector(env={"LD_PRELOAD": build / "tests/support/libfault.so", "SOC_FAULT_PATH": store,
                               "SOC_FAULT_WORD": "ingest",
                               "SOC_FAULT_FILE": rules})
    source = oracle.Source("before", 2, 1)
    agent = stack.wire_agent(2, 1)
    agent.offer(source.issue(50))
    stack.wait_acked()
    source.owed = source.issued
    rules.write_text("sync:EIO:times=1")
    agent.offer(source.issue(50))
    stack.collector.process.wait_for("store.failed", 20)
    rules.write_text("")
    agent.offer(source.issue(50))
    stack.collector.process.wait_for("the store failed", 20)  # nobody but the supervisor starts it again
    stack.wait_acked()
    source.owed = source.issued
    stack.check([source])
