"""Roles and threads that hang: noticed, ended, started again, and nothing acknowledged is lost."""
import os
import signal
import socket
import time

import oracle
import pytest
from harness import wait_until

SILENT_S = 8


def send(agent, source, count):
    for _ in range(count // 50):
        agent.offer(source.issue(50))


@pytest.fixture
def watched(stack):
    stack.settings["silent-timeout"] = f"{SILENT_S}s"
    stack.write_settings()
    return stack


def still_works(stack, source, agent):
    send(agent, source, 200)
    stack.wait_acked()
    source.owed = source.issued
    stack.check([source])
    stack.wait_recounted(sent=True)


def restarted(collector, role, before):
    wait_until("it runs again", lambda: collector.role(role) not in (None, before), 60)


@pytest.mark.parametrize("role", ["ingest", "signer"])
def test_a_role_that_is_stopped_is_started_again(watched, role):
    collector = watched.start_collector()
    source, agent = oracle.Source("silent", 2, 1), watched.wire_agent(2, 1)
    still_works(watched, source, agent)
    before = collector.role(role)
    os.kill(before, signal.SIGSTOP)
    collector.process.wait_for(rf"supervise\.silent role={role} silent_ms=\d+", 60)
    restarted(collector, role, before)
    still_works(watched, source, agent)
    assert collector.process.err.count("supervise.silent") == 1
    assert collector.stop() == 0


@pytest.mark.parametrize("thread, fault, folder", [
    ("writer", "sync:delay=3600000", "store"),
    ("derive", "sync:delay=3600000", "derive"),
    ("forward", "rename:delay=3600000", "out")])
def test_a_thread_that_hangs_in_a_call_is_named_and_its_role_started_again(watched, build, thread, fault, folder):
    rules = watched.folder / "rules"
    rules.write_text("")
    (watched.folder / folder).mkdir(mode=0o700)
    collector = watched.start_collector(env={
        "LD_PRELOAD": build / "tests/support/libfault.so", "SOC_FAULT_PATH": watched.folder / folder,
        "SOC_FAULT_WORD": "ingest", "SOC_FAULT_FILE": rules})
    source, agent = oracle.Source("hangs", 2, 1), watched.wire_agent(2, 1)
    still_works(watched, source, agent)
    before = collector.role("ingest")
    rules.write_text(fault)
    send(agent, source, 200)
    collector.process.wait_for(rf"role\.quiet thread={thread} silent_ms=\d+", 60)
    rules.write_text("")  # who hangs already does not see it
    collector.process.wait_for(r"supervise\.silent role=ingest", 60)
    restarted(collector, "ingest", before)
    still_works(watched, source, agent)


def test_who_is_stopped_with_all_its_roles_ends_none_of_them(watched):
    """Longer than a role may be silent: it was not the role that hung."""
    collector = watched.start_collector()
    source, agent = oracle.Source("frozen", 2, 1), watched.wire_agent(2, 1)
    everything = [collector.process.pid, *collector.process.members()]
    roles = {role: collector.role(role) for role in ("ingest", "signer")}
    for pid in everything:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(SILENT_S + 2)
    for pid in everything:
        os.kill(pid, signal.SIGCONT)
    still_works(watched, source, agent)
    time.sleep(2)
    assert {role: collector.role(role) for role in roles} == roles


def test_the_service_manager_hears_of_life_only_while_the_roles_show_it(watched):
    """A role that neither answers nor ends: the manager has to start all anew."""
    path = str(watched.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(30)
        collector = watched.start_collector(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"})

        def heard(word):
            while word not in manager.recv(4096):
                pass
            return time.monotonic()

        heard(b"READY=1")
        heard(b"WATCHDOG=1")
        os.kill(collector.role("ingest"), signal.SIGSTOP)
        fed = heard(b"WATCHDOG=1")
        collector.process.wait_for("supervise.silent", 60)
        assert heard(b"WATCHDOG=1") > fed  # it was started again


def test_a_role_that_hangs_before_it_is_ready_is_told_of(watched, build):
    """It may be reading a large store, so it is not killed; but nobody is told that all is well."""
    watched.settings["start-timeout"] = "3s"
    watched.write_settings()
    path, rules = str(watched.folder / "notify"), watched.folder / "rules"
    rules.write_text("")
    (watched.folder / "store").mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(3)
        collector = watched.start_collector(env={
            "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000", "LD_PRELOAD": build / "tests/support/libfault.so",
            "SOC_FAULT_PATH": watched.folder / "store", "SOC_FAULT_WORD": "ingest", "SOC_FAULT_FILE": rules})
        before = collector.role("ingest")
        rules.write_text("sync:delay=3600000")
        os.kill(before, signal.SIGKILL)
        collector.process.wait_for(r"supervise\.starting role=ingest start_ms=\d+", 60)
        hanging = collector.role("ingest")
        with pytest.raises(TimeoutError):
            while True:  # what was said before
                manager.recv(4096)
        rules.write_text("")
        os.kill(hanging, signal.SIGKILL)
        restarted(collector, "ingest", hanging)
        while b"WATCHDOG=1" not in manager.recv(4096):
            pass
