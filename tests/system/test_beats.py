"""Beats: windows of real clients are acknowledged when they are durable, and what was is never lost."""
import json
import re

import harness
import pytest
from harness import wait_until
from senders import Listeners, counted, had


class Client:
    """A sender with the library of Filebeat's output; its events are numbered."""

    def __init__(self, listeners, processes, *options, name="beats-tcp"):
        program = had(harness.fetch_beats_client(), "a client of the Beats protocol")
        if name == "beats-tls":
            options += ("-ca", listeners.certificates.ca)
        self.process = processes.start(program, "-to", f"localhost:{listeners.ports[name]}", *options, name="beats")

    def acked(self):
        return [number for first, last in re.findall(r"^acked (\d+) (\d+)$", self.process.out, re.M)
                for number in range(int(first), int(last) + 1)]

    def reconnects(self):
        return len(re.findall("^lost connection", self.process.out, re.M))


def numbers(records):
    return [int(re.search(r"user number(\d+)", r["event.original"]).group(1)) for r in records]


@pytest.fixture
def listeners(stack):
    made = Listeners(stack)
    stack.start_collector()
    return made


@pytest.mark.parametrize("name, options", [("beats-tcp", ["-compression", "0"]), ("beats-tls", ["-window", "50"])])
def test_a_client_of_beats_delivers(listeners, processes, name, options):
    client = Client(listeners, processes, "-count", 5000, *options, name=name)
    assert client.process.wait(60) == 0
    assert client.acked() == list(range(5000)) and client.reconnects() == 0
    records = listeners.wait(5000)
    assert sorted(numbers(records)) == list(range(5000))
    for record in (records[0], records[-1]):
        assert record["source.ip"] == "192.0.2.9" and record["event.outcome"] == "failure"
        assert record["soc.parser"] == "sshd" and record["soc.input"] == name
        assert json.loads(record["event.original"])["log"]["file"]["path"] == "/var/log/auth.log"
    counted(listeners.stack)


def test_nothing_acknowledged_is_lost_by_kills(listeners, processes):
    """Kill -9 of the process that reads and stores, at whatever moment."""
    client = Client(listeners, processes, "-window", 200, "-pause", "2ms", "-timeout", "10s",
                    name="beats-tls")
    collector = listeners.stack.collector
    for _ in range(5):
        before = len(client.acked())
        wait_until("it goes on", lambda: len(client.acked()) > before + 2000, 60)
        listening = collector.listening()
        collector.kill_role("ingest")
        wait_until("it is back", lambda: collector.listening() > listening, 60)
    before = len(client.acked())
    wait_until("it goes on", lambda: len(client.acked()) > before, 60)
    client.process.kill()  # in the middle of everything, too
    acked = client.acked()
    wait_until("the connection ended", lambda: listeners.shown()["connections"] == 0, 30)
    stored = numbers(listeners.records())
    assert len(acked) == len(set(acked)) and not set(acked) - set(stored)
    # Twice are windows that were under way when it was killed, at most.
    assert len(stored) - len(set(stored)) <= 5 * 3 * 200
    counted(listeners.stack)


def test_beats_wait_for_a_store_without_room(listeners, processes):
    """No time-out, no reconnection, nothing twice: it hears that its windows are on their way."""
    stack = listeners.stack
    assert stack.collector.stop() == 0
    stack.settings["store"]["reserve"] = "1000TiB"
    stack.settings["ingest"]["heartbeat"] = "1s"
    stack.write_settings()
    stack.start_collector()
    client = Client(listeners, processes, "-count", 40000, "-timeout", "3s")
    wait_until("the store refuses", lambda: stack.counter("ingest.sender_refused") > 0, 30)
    wait_until("it is told so, longer than it would wait", lambda: stack.counter("ingest.beats_keepalives") >= 5, 60)
    assert client.acked() == [] and client.reconnects() == 0 and listeners.stored() == 0
    stack.settings["store"]["reserve"] = "1MiB"
    stack.write_settings()
    stack.collector.process.kill()  # nothing of it was acknowledged: it comes again
    stack.start_collector()
    assert client.process.wait(90) == 0
    assert client.acked() == list(range(40000))
    assert sorted(set(numbers(listeners.records()))) == list(range(40000))


def test_a_stop_loses_nothing_and_repeats_nothing(listeners, processes):
    client = Client(listeners, processes, "-count", 30000, "-window", 100, "-pause", "1ms")
    wait_until("it is under way", lambda: len(client.acked()) > 3000, 30)
    assert listeners.stack.collector.stop() == 0
    listeners.stack.start_collector()
    assert client.process.wait(90) == 0
    stored = numbers(listeners.records())
    assert sorted(set(stored)) == list(range(30000))
    # A window of which a part only had been read comes again as a whole.
    assert len(stored) - len(set(stored)) <= 2 * 100


def test_events_are_of_the_hosts_they_name_where_settings_say_so(stack, processes):
    listeners = Listeners(stack, [Listeners.sender("relay", 2, 2, ["127.0.0.1"], **{"names-host": True})])
    stack.start_collector()
    event = {"message": "hello", "soc": {"agency": 3}, "agency": 3, "host": {"name": "h3"}}
    with listeners.connect("beats-tcp") as tcp:
        for number, host in enumerate(("h3", "H5.example.gov.vn", "nobody", "h1"), 1):
            text = json.dumps(event | {"host": {"name": host}}).encode()
            tcp.sendall(b"2W\0\0\0\1" + b"2J" + number.to_bytes(4, "big") + len(text).to_bytes(4, "big") + text)
            assert tcp.recv(6) == b"2A" + number.to_bytes(4, "big")
    records = listeners.wait(4, 2, 2)
    assert [(r["soc.agency"], r["soc.host"]) for r in sorted(records, key=lambda r: r["soc.sequence"])] == [
        (2, 3), (2, 5), (2, 2), (2, 1)]


def deliver(listeners, events):
    """A window on a connection of its own; it is acknowledged."""
    with listeners.connect("beats-tcp") as tcp:
        window = b"2W" + len(events).to_bytes(4, "big")
        for number, event in enumerate(events, 1):
            text = json.dumps(event).encode()
            window += b"2J" + number.to_bytes(4, "big") + len(text).to_bytes(4, "big") + text
        tcp.sendall(window)
        while (ack := tcp.recv(6)) == b"2A\0\0\0\0":
            pass  # it is on its way
        assert ack == b"2A" + len(events).to_bytes(4, "big")


def test_a_window_that_comes_again_is_stored_once(listeners):
    """Sent again because its acknowledgement was lost: on another connection, encoded anew."""
    events = [{"@timestamp": "2026-05-01T00:00:00.001Z", "message": "the same line",
               "log": {"offset": 14 * i, "file": {"path": "/var/log/app.log"}}} for i in range(20)]
    deliver(listeners, events)
    deliver(listeners, [dict(reversed(event.items())) for event in events])
    deliver(listeners, events[10:] + [events[0] | {"log": {"offset": 280, "file": {"path": "/var/log/app.log"}}}])
    offsets = [json.loads(r["event.original"])["log"]["offset"] for r in listeners.wait(21)]
    assert sorted(offsets) == [14 * i for i in range(21)]
    assert listeners.shown()["resent"] == 30 and listeners.stack.counter("ingest.sender_resent") == 30
    # What has no place in its source may well have happened twice.
    deliver(listeners, 2 * [{"@timestamp": "2026-05-01T00:00:00.001Z", "message": "a datagram"}])
    listeners.wait(23)
    counted(listeners.stack)


FILEBEAT = """
filebeat.inputs:
  - type: filestream
    id: test
    paths: ["@FOLDER@/*.log"]
    prospector.scanner.check_interval: 1s
filebeat.registry.flush: 0s
path.home: "@FOLDER@/home"
logging.to_stderr: true
output.logstash:
  hosts: ["localhost:@PORT@"]
  ssl.certificate_authorities: ["@CERTIFICATES@/ca.crt"]
  ssl.certificate: "@CERTIFICATES@/web1.crt"
  ssl.key: "@CERTIFICATES@/web1.key"
  backoff.init: 100ms
"""


@pytest.mark.campaign
def test_filebeat_delivers(stack, processes):
    """Filebeat itself, known by its certificate, through a kill of ingest."""
    program = had(harness.fetch_filebeat(), "Filebeat")
    listeners = Listeners(
        stack, [Listeners.sender("web1", 2, 21, ["127.0.0.1", "::1"], certificate="web1.example")],
        **{"beats-tls": {"clients": "required", "ca": str(stack.folder / "devices/ca.crt")}})
    listeners.certificates.issue("web1", "DNS:web1.example")
    stack.start_collector()
    folder = stack.folder / "filebeat"
    folder.mkdir()
    settings = (FILEBEAT.replace("@FOLDER@", str(folder)).replace("@PORT@", str(listeners.ports["beats-tls"]))
                .replace("@CERTIFICATES@", str(listeners.certificates.folder)))
    (folder / "filebeat.yml").write_text(settings)
    (folder / "filebeat.yml").chmod(0o600)
    line = "Nov 22 01:02:03 web1 sshd[812]: Failed password for invalid user number%09d from 192.0.2.9 port 4711 ssh2\n"
    log = folder / "auth.log"
    log.write_text("".join(line % n for n in range(30000)))
    processes.start(program, "-c", folder / "filebeat.yml", name="filebeat")
    wait_until("it delivers", lambda: listeners.stored() > 5000, 60)
    listening = stack.collector.listening()
    stack.collector.kill_role("ingest")
    with open(log, "a") as more:
        more.write("".join(line % n for n in range(30000, 40000)))
    wait_until("it is back", lambda: stack.collector.listening() > listening, 60)
    wait_until("all is stored", lambda: set(numbers(listeners.records())) == set(range(40000)), 120, 1)
    for record in listeners.records()[:1] + listeners.records()[-1:]:
        assert (record["soc.identity"], record["soc.input"], record["soc.parser"]) == (
            "certificate", "beats-tls", "sshd")
        assert record["source.ip"] == "192.0.2.9" and record["@timestamp"][5:19] == "11-21T18:02:03"
    counted(stack)
