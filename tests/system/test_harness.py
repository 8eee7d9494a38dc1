"""The test tools do what the tests rely on."""
import os
import signal
import time

import pytest

import harness


def test_ports_are_free_and_differ(free_port):
    ports = {free_port() for _ in range(20)}
    assert len(ports) == 20
    assert not any(harness.can_connect(port) for port in ports)


def test_process_output_is_awaited_and_kept(processes):
    shell = processes.start("sh", "-c", "echo one; sleep 0.2; echo two >&2; exit 3")
    shell.wait_for("^two$")
    assert shell.wait() == 3
    assert (shell.out, shell.err) == ("one\n", "two\n")


def test_a_program_that_ends_early_fails_at_once(processes):
    shell = processes.start("sh", "-c", "echo nothing")
    begin = time.monotonic()
    with pytest.raises(harness.Failed, match="ended with 0 before"):
        shell.wait_for("never", timeout=30)
    assert time.monotonic() - begin < 10


def test_orphans_are_found_and_killed(tmp_path):
    runner = harness.Processes(tmp_path)
    shell = runner.start("sh", "-c", "sleep 100 & echo $!")
    shell.wait()
    orphan = int(shell.out)
    assert runner.end() == [("sh", [orphan])]
    with pytest.raises(ProcessLookupError):
        for _ in range(100):
            os.kill(orphan, 0)
            time.sleep(0.02)


def test_a_stopped_program_is_ended_too(tmp_path):
    runner = harness.Processes(tmp_path)
    sleeper = runner.start("sleep", "100")
    sleeper.signal(signal.SIGSTOP)
    assert runner.end() == []
    assert not sleeper.running()


def test_mock_kafka_keeps_messages_through_an_outage(mock_kafka):
    mock_kafka.topic("t", 1)
    mock_kafka.produce("t", b"first", key="k")
    mock_kafka.down()
    assert not mock_kafka.answers()
    mock_kafka.up()
    mock_kafka.error(2, "NOT_ENOUGH_REPLICAS")
    mock_kafka.rtt(20)
    mock_kafka.produce("t", b"second")
    messages = mock_kafka.consume("t")
    assert [(m.key, m.value) for m in messages] == [("k", b"first"), (None, b"second")]


def test_mock_kafka_says_what_it_does_not_know(mock_kafka):
    with pytest.raises(harness.Failed, match="unknown command"):
        mock_kafka.command("dance")
    with pytest.raises(harness.Failed, match="unknown error code"):
        mock_kafka.command("error 1 NO_SUCH_ERROR")


@pytest.mark.slow
def test_apache_kafka_listens_in_three_ways(apache_kafka):
    apache_kafka.produce("ways", b"plain")
    apache_kafka.over_tls().produce("ways", b"tls")
    apache_kafka.over_sasl().produce("ways", b"sasl")
    values = sorted(m.value for m in apache_kafka.consume("ways"))
    assert values == [b"plain", b"sasl", b"tls"]


@pytest.mark.slow
def test_apache_kafka_refuses_strangers(apache_kafka):
    assert apache_kafka.over_tls().answers()
    assert not apache_kafka.over_tls(name=None).answers()
    assert not apache_kafka.over_sasl(password="wrong").answers()


@pytest.mark.slow
def test_apache_kafka_comes_back_with_its_data(apache_kafka):
    apache_kafka.produce("kept", b"before")
    before = apache_kafka.listeners["bootstrap"]
    apache_kafka.stop()
    assert not apache_kafka.answers()
    apache_kafka.start()
    assert apache_kafka.listeners["bootstrap"] == before
    assert [m.value for m in apache_kafka.consume("kept")] == [b"before"]
