"""Senders without an agent: real syslog clients, by UDP, TCP and TLS."""
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

import harness
import pytest
from harness import wait_until
from senders import LANE, Listeners, counted
from stack import fake_time

@pytest.fixture
def listeners(stack):
    made = Listeners(stack)
    stack.start_collector()
    return made


def peer(name):
    root = harness.fetch_peer(name)
    if root is None:
        message = f"Debian's {name} is not to be had here"
        if harness.IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    return root


# ---- identity -------------------------------------------------------------------------

def test_a_message_is_its_senders_whatever_it_says(listeners):
    forged = [b"<13>1 2026-11-22T01:02:03Z host-of-agency-3 app 1 ID [soc@1 agency=\"3\" host=\"1\"] soc.agency=3",
              b'<13>Nov 22 01:02:03 h app: {"soc.agency":3,"soc.host":1,"soc.identity":"certificate"}']
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for line in forged:
            udp.sendto(line, ("127.0.0.1", listeners.ports["udp"]))
        records = listeners.wait(2)
    assert {(r["soc.agency"], r["soc.host"], r["soc.identity"]) for r in records} == {(2, 21, "address")}
    assert {(r["soc.input"], r["soc.source"]) for r in records} == {("syslog-udp", "127.0.0.1")}
    assert [r["event.original"].encode() for r in records] == forged
    shown = listeners.shown()
    assert (shown["messages"], shown["identity"], shown["dropped"]) == (2, "address", 0)
    (stream,) = [s for s in listeners.stack.control("ledger")["streams"] if s["lane"] == LANE]
    assert stream["numbered"] is False
    counted(listeners.stack)


def test_who_is_unknown_is_refused_and_shown(listeners):
    listeners.use([listeners.sender("far", 2, 21, ["192.0.2.0/24"])])
    listeners.stack.collector.process.signal(signal.SIGHUP)
    listeners.stack.collector.process.wait_for(r"collector\.reloaded", 30)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(b"<13>hello", ("127.0.0.1", listeners.ports["udp"]))
        with listeners.connect("tcp") as tcp:
            assert tcp.recv(1) == b""
        unknown = wait_until("both are shown", lambda: len(
            shown := listeners.stack.control("senders")["unknown"]) == 2 and shown)
    assert {(u["address"], u["listener"], u["times"]) for u in unknown} == {
        ("127.0.0.1", "udp", 1), ("127.0.0.1", "tcp", 1)}
    assert listeners.stored() == 0
    assert listeners.stack.counter("ingest.senders_unknown") == 2
    wait_until("the log keeps it", lambda: listeners.stack.stored().notes["sender-unknown"] == 2)


def test_zone_and_format_are_the_senders(stack):
    senders = [Listeners.sender("one", 2, 1, ["127.0.0.1"], zone="UTC"),
               Listeners.sender("two", 3, 1, ["127.0.0.2"], format="cef")]
    listeners = Listeners(stack, senders)
    stack.start_collector()
    line = b"<13>" + time.strftime("%b %e 10:00:00", time.gmtime(time.time() - 86400)).encode() + b" h app: x\n"
    for source in ("127.0.0.1", "127.0.0.2"):
        with listeners.connect("tcp", source) as tcp:
            tcp.sendall(line)
    (first,), (second,) = listeners.wait(1, 2, 1), listeners.wait(1, 3, 1)
    assert first["@timestamp"][11:19] == "10:00:00"
    assert second["@timestamp"][11:19] == "03:00:00"  # the province's zone


def test_a_relays_messages_are_of_the_hosts_they_name(stack):
    listeners = Listeners(stack, [Listeners.sender("relay", 2, 2, ["127.0.0.1"], **{"names-host": True})])
    stack.start_collector()
    with listeners.connect("tcp") as tcp:
        for host in (b"h3", b"H5.example.gov.vn", b"nobody", b"h1"):
            tcp.sendall(b"<13>Nov 22 01:02:03 " + host + b" app: x\n")
    records = listeners.wait(4, 2, 2)
    assert [(r["soc.host"], r["soc.level"]) for r in sorted(records, key=lambda r: r["soc.sequence"])] == [
        (3, 3), (5, 3), (2, 1), (1, 3)]


def test_a_line_behind_a_relay_reaches_no_host_but_its_own(stack):
    listeners = Listeners(stack, [
        Listeners.sender("relay", 2, 2, ["127.0.0.1"], **{"names-host": True, "hosts": [3, 1]})])
    stack.start_collector()
    with listeners.connect("tcp") as tcp:
        tcp.sendall(b'<13>Nov 22 01:02:03 h3 app: {"host":{"hostname":"h1","name":"h1"}}\n'  # says so in its text
                    b'<13>Nov 22 01:02:03 h5 app: x\n'  # the settings do not give it this one
                    b'{"host":{"hostname":"h1"},"message":"x"}\n'  # no header at all
                    b'<13>Nov 22 01:02:03 h1 app: x\n')
    records = sorted(listeners.wait(4, 2, 2), key=lambda r: r["soc.sequence"])
    assert [(r["soc.host"], r.get("soc.claimed_host")) for r in records] == [
        (3, "h1"), (2, "h5"), (2, "h1"), (1, None)]
    assert stack.counter("pipeline.hosts_claimed") == 3


def test_half_messages_have_their_own_limit(stack):
    """A sender that begins messages and never ends them takes no more memory than it may."""
    listeners = Listeners(stack, [Listeners.sender("device", 2, 21, ["127.0.0.1"], **{"connections-max": 40})])
    stack.settings["ingest"]["syslog"]["half-max"] = "1MiB"
    stack.write_settings()
    stack.start_collector()
    half = b"<13>Nov 22 01:02:03 h app: " + 60000 * b"x"
    with contextlib.ExitStack() as open_ones:
        connections = [open_ones.enter_context(listeners.connect("tcp")) for _ in range(17)]
        for connection in connections:
            connection.sendall(half)
        wait_until("all of it is held", lambda: listeners.shown()["half_bytes"] == 17 * len(half))
        with listeners.connect("tcp") as beyond:
            beyond.sendall(half)
            wait_until("it is too much", lambda: stack.counter("ingest.sender_halves_refused") == 1)
        connections[0].sendall(b"\n")
        wait_until("what is whole is held no more", lambda: listeners.shown()["half_bytes"] == 16 * len(half))
        with listeners.connect("tcp") as whole:
            whole.sendall(b"<13>Nov 22 01:02:03 h app: short\n" + half + b"\n")
            lengths = sorted(len(r["event.original"]) for r in listeners.wait(4))
        assert lengths[0] < 40 < lengths[1] < len(half) and lengths[2:] == 2 * [len(half)]
    wait_until("nothing is held", lambda: listeners.shown()["half_bytes"] == 0)


@pytest.mark.parametrize("spoil, words", [
    ({"hosts": [3]}, "hosts are named with 'names-host: true' only"),
    ({"names-host": True, "hosts": ["h3"]}, "'h3' is not the number of a host"),
    ({"format": "nosuch"}, "there is no parser 'nosuch'"),
    ({"zone": "Hanoi"}, "'Hanoi' is neither UTC"),
    ({"addresses": ["10.0.0.1/8"]}, "bits are set beyond the prefix"),
    ({"listeners": ["nosuch"]}, "there is no listener 'nosuch'"),
])
def test_mistakes_in_the_settings_are_told_by_place(stack, program, spoil, words):
    Listeners(stack, [Listeners.sender("device", 2, 21, ["127.0.0.1"]) | spoil])
    done = subprocess.run([program("soc-collector"), "check", "-c", stack.folder / "collector.yaml"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert words in done.stderr
    assert f"{stack.folder}/collector.yaml:" in done.stderr


# ---- real clients --------------------------------------------------------------------------

@pytest.mark.parametrize("transport, options", [
    ("udp", ["--udp", "--rfc5424"]), ("udp", ["--udp", "--rfc3164"]),
    ("tcp", ["--tcp", "--rfc5424", "--octet-count"]), ("tcp", ["--tcp", "--rfc3164"]),
])
def test_logger_delivers(listeners, processes, transport, options):
    text = "Failed password for invalid user admin from 192.0.2.9 port 4711 ssh2"
    for _ in range(3):
        processes.run("logger", "--server", "127.0.0.1", "--port", str(listeners.ports[transport]), "--tag", "sshd",
                      *options, text)
    for record in listeners.wait(3):
        assert record["source.ip"] == "192.0.2.9" and record["event.outcome"] == "failure"
        assert record["soc.input"] == f"syslog-{transport}"


def rsyslog_settings(folder, listeners, action):
    path = folder / "rsyslog.conf"
    path.write_text(f"""
global(workDirectory="{folder}" defaultNetstreamDriverCAFile="{listeners.certificates.ca}"
    defaultNetstreamDriverCertFile="{listeners.certificates.folder}/fw.crt"
    defaultNetstreamDriverKeyFile="{listeners.certificates.folder}/fw.key")
module(load="imfile")
input(type="imfile" file="{folder}/in.log" tag="app:" reopenOnTruncate="on")
action(type="omfwd" target="127.0.0.1" {action} action.resumeRetryCount="-1" action.resumeInterval="1"
    queue.type="LinkedList" queue.size="100000")
""")
    return path


@pytest.mark.parametrize("transport, action", [
    ("udp", 'protocol="udp" template="RSYSLOG_SyslogProtocol23Format"'),
    ("tcp", 'protocol="tcp" TCP_Framing="octet-counted"'),
    ("tcp", 'protocol="tcp" TCP_Framing="traditional" template="RSYSLOG_SyslogProtocol23Format"'),
    ("tls", 'protocol="tcp" StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid"'
            ' TCP_Framing="octet-counted"'),
])
def test_rsyslog_delivers(stack, processes, transport, action):
    root = peer("rsyslog")
    listeners = Listeners(
        stack, [Listeners.sender("device", 2, 21, ["127.0.0.1"],
                                 **({"certificate": "fw.example"} if transport == "tls" else {}))],
        tls={"clients": "required", "ca": str(stack.folder / "devices/ca.crt")})
    listeners.certificates.issue("fw", "DNS:fw.example")
    stack.start_collector()
    folder = stack.folder / "rsyslog"
    folder.mkdir()
    lines = [f"line {n} of rsyslog" for n in range(500)]
    (folder / "in.log").write_text("".join(line + "\n" for line in lines))
    path = rsyslog_settings(folder, listeners, f'port="{listeners.ports[transport]}" {action}')
    processes.start(root / "usr/sbin/rsyslogd", "-n", "-f", path, "-i", folder / "pid",
                    "-M", next(root.glob("usr/lib/*/rsyslog")), name="rsyslog", env=harness.peer_libraries(root))
    wait_until("all is stored", lambda: listeners.stored() >= len(lines), 60)
    records = [r for r in listeners.records() if " of rsyslog" in r["event.original"]]
    assert [r["event.original"].rsplit("line ", 1)[1] for r in records] == [line[5:] for line in lines]
    assert {r["soc.identity"] for r in records} == {"certificate" if transport == "tls" else "address"}
    assert {r["process.name"] for r in records} == {"app"}


@pytest.mark.parametrize("transport, driver", [
    ("udp", 'syslog("127.0.0.1" port(@PORT@) transport("udp"))'),
    ("tcp", 'syslog("127.0.0.1" port(@PORT@) transport("tcp"))'),
    ("tcp", 'network("127.0.0.1" port(@PORT@) transport("tcp"))'),
    ("tls", 'syslog("127.0.0.1" port(@PORT@) transport("tls") tls(ca-file("@CA@") peer-verify(required-trusted)))'),
])
def test_syslog_ng_delivers(stack, processes, transport, driver):
    root = peer("syslog-ng")
    listeners = Listeners(stack)
    stack.start_collector()
    folder = stack.folder / "ng"
    folder.mkdir()
    lines = [f"line {n} of syslog-ng" for n in range(500)]
    (folder / "in.log").write_text("".join(f"app: {line}\n" for line in lines))
    driver = driver.replace("@PORT@", str(listeners.ports[transport])).replace("@CA@", str(listeners.certificates.ca))
    (folder / "ng.conf").write_text(f"""@version: 3.38
options {{ stats-freq(0); use-dns(no); }};
source in {{ file("{folder}/in.log" follow-freq(1)); }};
destination out {{ {driver}; }};
log {{ source(in); destination(out); flags(flow-control); }};
""")
    modules = next((root / "usr/lib/syslog-ng").glob("[0-9]*"))
    processes.start(root / "usr/sbin/syslog-ng", "-F", "--no-caps", "-f", folder / "ng.conf", "-p", folder / "pid",
                    "-R", folder / "persist", "-c", folder / "ctl", f"--module-path={modules}", name="syslog-ng",
                    env=harness.peer_libraries(root))
    records = listeners.wait(len(lines))
    assert [r["event.original"].rsplit("line ", 1)[1] for r in records] == [line[5:] for line in lines]
    assert listeners.shown()["missing"] == 0  # by its sequenceId, where syslog() writes one


def test_messages_that_are_missing_by_their_sequence_ids_are_counted(listeners):
    with listeners.connect("tcp") as tcp:
        for number in (1, 2, 5, 6, 10):
            tcp.sendall(b'<13>1 2026-11-22T01:02:03Z h app - - [meta sequenceId="%d"] x\n' % number)
    listeners.wait(5)
    assert listeners.shown()["missing"] == 5


def test_openssl_delivers_with_and_without_a_certificate(stack, processes):
    listeners = Listeners(
        stack, [Listeners.sender("shown", 2, 21, ["0.0.0.0/0"], certificate="fw.example"),
                Listeners.sender("near", 3, 1, ["127.0.0.1"])],
        tls={"clients": "optional", "ca": str(stack.folder / "devices/ca.crt")})
    folder = listeners.certificates.folder
    listeners.certificates.issue("fw", "DNS:fw.example")
    stack.start_collector()
    base = ["openssl", "s_client", "-quiet", "-no_ign_eof", "-connect", f"127.0.0.1:{listeners.ports['tls']}",
            "-CAfile", listeners.certificates.ca]
    subprocess.run([*base, "-cert", folder / "fw.crt", "-key", folder / "fw.key"],
                   input=b"<13>known by certificate\n", timeout=30, capture_output=True)
    subprocess.run([*base, "-tls1_2"], input=b"<13>known by address\n", timeout=30, capture_output=True)
    (shown,), (near,) = listeners.wait(1, 2, 21), listeners.wait(1, 3, 1)
    assert (shown["soc.identity"], near["soc.identity"]) == ("certificate", "address")
    assert shown["event.original"] == "<13>known by certificate"


def test_a_certificate_of_others_is_refused(stack):
    listeners = Listeners(
        stack, [Listeners.sender("shown", 2, 21, ["0.0.0.0/0"], certificate="fw.example")],
        tls={"clients": "required", "ca": str(stack.folder / "devices/ca.crt")})
    strange = harness.Certificates(stack.folder / "strange")
    strange.issue("fw", "DNS:fw.example")
    listeners.certificates.issue("other", "DNS:other.example")
    stack.start_collector()
    for folder, name in ((strange.folder, "fw"), (listeners.certificates.folder, "other"), (None, None)):
        context = ssl.create_default_context(cafile=listeners.certificates.ca)
        if folder:
            context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
        with pytest.raises(OSError):
            with listeners.connect("tls") as plain, context.wrap_socket(plain, server_hostname="localhost") as tls:
                tls.sendall(b"<13>let me in\n")
                if tls.recv(1) == b"":
                    raise ConnectionError("closed")
    assert listeners.stored() == 0
    assert stack.counter("ingest.sender_handshakes_failed") == 2  # the third one came through, and is nobody


def test_certificates_of_listeners_are_watched(stack):
    listeners = Listeners(stack)
    listeners.certificates.issue("server")
    stack.start_collector(env=fake_time("+30h"))  # of the two days that it lives

    def shown():
        states = {one["name"]: one["state"] for one in stack.control("status")["certificates"]}
        return states if "listener.tls" in states else None

    states = wait_until("they are known", shown, 30)
    assert states["listener.tls"] == states["listener.beats-tls"] == "soon"
    assert stack.collector.process.wait_for(r"certificate\.expires what=listener\.beats-tls until=")


# ---- trouble ----------------------------------------------------------------------------------

def numbered(number):
    return b"<13>Nov 22 01:02:03 h app: number %09d" % number


def numbers(records):
    return [int(r["event.original"].rsplit(" ", 1)[1]) for r in records]


class Feeder(threading.Thread):
    """Sends numbered lines on a connection, and connects again when it ends."""

    def __init__(self, listeners):
        super().__init__(daemon=True)
        self.listeners, self.sent, self.ending = listeners, 0, threading.Event()

    def run(self):
        while not self.ending.is_set():
            try:
                with self.listeners.connect("tcp") as tcp:
                    while not self.ending.is_set():
                        first, self.sent = self.sent, self.sent + 100  # none is sent twice
                        tcp.sendall(b"".join(numbered(first + n) + b"\n" for n in range(100)))
                        time.sleep(0.005)
            except OSError:
                time.sleep(0.05)

    def end(self):
        self.ending.set()
        self.join(30)


def test_a_killed_ingest_goes_on_and_stores_nothing_twice(listeners):
    """What lay in its memory is gone: these senders are told nothing. What was stored stays, in order."""
    feeder = Feeder(listeners)
    feeder.start()
    for round_number in range(4):
        before = listeners.stored()
        wait_until("it goes on", lambda: listeners.stored() > before + 1000, 60)
        if round_number < 3:
            listening = listeners.stack.collector.listening()
            listeners.stack.collector.kill_role("ingest")
            wait_until("it is back", lambda: listeners.stack.collector.listening() > listening, 60)
    feeder.end()
    wait_until("the connection ended", lambda: listeners.shown()["connections"] == 0, 30)
    wait_until("the end is stored", lambda: numbers(listeners.records())[-1] == feeder.sent - 1, 30, 0.2)
    got = numbers(listeners.records())
    assert got == sorted(set(got))
    counted(listeners.stack)


def test_a_store_without_room_stops_senders_and_loses_nothing_of_tcp(listeners):
    """The reserve is set beyond the disk, then back."""
    stack = listeners.stack
    assert stack.collector.stop() == 0
    stack.settings["store"]["reserve"] = "1000TiB"
    stack.write_settings()
    stack.start_collector()
    feeder = Feeder(listeners)
    feeder.start()
    wait_until("the store refuses", lambda: stack.counter("ingest.sender_refused") > 0, 30)
    assert listeners.stored() == 0
    feeder.end()
    sent = feeder.sent
    assert stack.collector.stop() == 0  # gives up what it cannot store, and says so
    assert stack.collector.process.wait_for(r"senders\.lost messages=(\d+)")
    lost = int(stack.collector.process.wait_for(r"senders\.lost messages=(\d+)").group(1))
    assert 0 < lost <= sent


def test_lines_of_a_connection_stay_in_order_and_the_end_is_kept(listeners):
    total = 20000
    with listeners.connect("tcp") as tcp:
        for first in range(0, total, 100):
            tcp.sendall(b"".join(numbered(n) + b"\n" for n in range(first, first + 100)))
        tcp.sendall(b"<13>no end: number 000020000")
    records = listeners.wait(total + 1)
    assert numbers(records) == list(range(total + 1))
    assert listeners.shown()["connections"] == 0


def test_a_stop_drains_what_was_delivered(listeners):
    total = 5000
    with listeners.connect("tcp") as tcp:
        for first in range(0, total, 100):
            tcp.sendall(b"".join(numbered(n) + b"\n" for n in range(first, first + 100)))
        wait_until("it is read", lambda: listeners.shown()["messages"] == total, 30)
        assert listeners.stack.collector.stop() == 0
    assert numbers(listeners.records()) == list(range(total))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a small receive buffer forced")
def test_every_datagram_is_stored_or_declared(stack):
    listeners = Listeners(stack, udp={"receive-buffer": "64KiB"})
    stack.start_collector()
    total = 20000
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for number in range(total):
            udp.sendto(numbered(number), ("127.0.0.1", listeners.ports["udp"]))

    def accounted():
        own, kernel = stack.ledger(2, 21, LANE) or (0, 0), stack.ledger(0, 0, LANE) or (0, 0)
        return sum(own) + kernel[1] >= total

    wait_until("all are stored or declared", accounted, 60)
    own, kernel = stack.ledger(2, 21, LANE), stack.ledger(0, 0, LANE) or (0, 0)
    assert sum(own) + kernel[1] == total
    got = numbers(listeners.records())
    assert got == sorted(set(got))
    gaps = [e for e in stack.export() if e["kind"] == "gap"]
    assert sum(g["count"] for g in gaps) == own[1] + kernel[1]
    assert {g["source"] for g in gaps} <= {"udp"}
    counted(stack)  # gaps of no agency too, and a recount finds them again
