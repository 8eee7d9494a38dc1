"""Peers that lie, break the protocol, or are not who they should be."""
import contextlib
import os
import select
import signal
import socket
import ssl
import struct
import threading
import time

import agentwire as wire
import oracle
import pytest
from harness import wait_until

IDENTITY = 3  # reason of GOODBYE
SHORT = {"ingest": {"handshake-timeout": "1500ms", "frame-timeout": "1500ms", "heartbeat": "1s"}}


def restart_with(stack, settings):
    for room, values in settings.items():
        stack.settings[room].update(values)
    stack.write_settings()
    return stack.start_collector()


class Honest:
    """An honest agent beside the hostile ones; its lines have to go on flowing."""

    def __init__(self, stack):
        self.stack = stack
        self.source = oracle.Source("honest", 2, 1)
        self.agent = stack.wire_agent(2, 1)
        self.goes_on()

    def goes_on(self):
        self.agent.offer(self.source.issue(20))
        self.stack.wait_acked([self.agent], 10)
        self.source.owed = self.source.issued

    def check(self):
        """Nothing but the honest lines is stored, over one session."""
        assert self.agent.sessions == 1
        return self.stack.check([self.source])


def ended(connection):
    """The goodbye's reason, or None when the connection just ended; fails when it lives on."""
    connection.sock.settimeout(10)
    try:
        while True:
            kind, _ = connection.read()
            assert kind in (wire.HEARTBEAT, wire.ACK, wire.HELLO_ACK), f"frame {kind}"
    except wire.Ended as end:
        return end.reason
    except (ConnectionError, ssl.SSLError):
        return None


# ---- certificates -----------------------------------------------------------------


def other_authority(stack):
    stack.ctl("pki", "init", "--dir", "other", "--name", "test CA")
    stack.ctl("pki", "issue", "--dir", "other", "--agency", 2, "--host", 9)
    return "other/issued/agent-2-9"


def expired(stack):
    stack.ctl("pki", "issue", "--agency", 2, "--host", 10, "--days", 30, at="-100d")
    return "pki/issued/agent-2-10"


def not_yet(stack):
    stack.ctl("pki", "issue", "--agency", 2, "--host", 11, at="+10d")
    return "pki/issued/agent-2-11"


def revoked(stack):
    stack.issue(2, 12)
    stack.ctl("pki", "revoke", "agent-2-12")
    return "pki/issued/agent-2-12"


def servers_own(stack):
    return "pki/issued/collector-soc"


def a_client_but_no_agent(stack):
    stack.ctl("pki", "issue", "--client", "kafka")
    return "pki/issued/client-kafka"


def a_signer(stack):
    return "pki/issued/signer-jws"


def none(stack):
    return None


def test_no_certificate_but_a_good_agents_is_taken(stack):
    peers = [other_authority, expired, not_yet, revoked, servers_own, a_client_but_no_agent, a_signer, none]
    files = [make(stack) for make in peers]
    stack.start_collector()
    honest = Honest(stack)
    for number, (make, base) in enumerate(zip(peers, files), 1):
        pair = [stack.folder / f"{base}{end}" for end in (".pem", ".key")] if base else []
        tls = wire.tls_context(stack.folder / "pki/ca.pem", *pair)
        try:  # under TLS 1.3 a client only learns from the first answer that it was refused
            connection = wire.Connection(stack.port, tls)
            connection.send(wire.hello([(wire.BULK, 5, 1, 1, 0, 0)]))
            reason = ended(connection)
            connection.close()
        except (ConnectionError, ssl.SSLError):
            reason = None
        assert reason is None, f"{make.__name__} was answered with goodbye {reason}"
        failed = wait_until(f"{make.__name__} is counted",
                            lambda: stack.counter("ingest.handshakes_failed") >= number, 10)
        assert failed
    assert stack.counter("ingest.sessions_accepted") == 1
    honest.goes_on()
    honest.check()


def test_an_agency_that_is_not_in_the_register_is_turned_away(stack):
    stack.start_collector()
    honest = Honest(stack)
    connection = wire.Connection(stack.port, stack.tls(77, 1))
    with pytest.raises(wire.Ended) as end:
        connection.greet((wire.BULK, 5, 1, 1, 0, 0))
    assert end.value.reason == 3  # identity
    connection.close()
    honest.goes_on()
    honest.check()


def test_a_revoked_agent_is_put_out_while_it_is_connected(stack):
    collector = stack.start_collector()
    honest = Honest(stack)
    connection = wire.Connection(stack.port, stack.tls(2, 12))
    connection.greet((wire.BULK, 5, 1, 1, 0, 0))
    stack.ctl("pki", "revoke", "agent-2-12")
    collector.process.signal(signal.SIGHUP)
    assert ended(connection) in (3, 8, None)
    connection.close()
    connection = wire.Connection(stack.port, stack.tls(2, 12))
    with contextlib.suppress(ConnectionError, ssl.SSLError):  # it may be gone already
        connection.send(wire.hello([(wire.BULK, 5, 1, 1, 0, 0)]))
    assert ended(connection) is None
    connection.close()
    honest.goes_on()


def test_what_a_payload_says_about_agency_and_host_changes_nothing(stack):
    stack.start_collector()
    agent = stack.wire_agent(3, 1, source=b"/agency/2/host/1")
    forged = [
        b'{"soc.agency":2,"soc.host":1,"agency":2,"host":{"id":1},"soc.stream":{"agency":2},"message":"x"}',
        b"<13>1 2026-11-22T01:02:03Z host-of-agency-2 app 1 ID [soc@1 agency=\"2\" host=\"1\"] soc.agency=2",
        b"soc.agency=2 soc.host=1 soc.level=5 soc.class=malware soc.sequence=999 agency=2",
        b"urn:soc:agency:2:host:1",
    ]
    agent.offer(forged)
    states = stack.wire_agent(4, 1, lane=wire.URGENT, start=False)
    entry = wire.chunk([b'{"event.action":"started","soc.agency":2,"soc.host":1}'], kind=wire.STATE)
    states.entries.append((1, 1, entry))
    states.next = 2
    states.start()
    stack.wait_acked()
    stack.wait_derived()
    stored = stack.stored()
    assert stored.strange == forged
    assert {agency for agency, _ in stored.counts} == {3}
    assert {key[:2] for key in stored.streams if key[0]} == {(3, 1), (4, 1)}
    oracle.check_statistics(stored, stack.folder / "derive/derive.db")


# ---- frames -----------------------------------------------------------------------

EPOCH = 0x1122334455667788
GOOD = wire.chunk([b"a line"])


def spoilt_header(at, value):
    head = bytearray(wire.batch(wire.BULK, EPOCH, 1, 1, GOOD))
    head[at] = value
    return bytes(head)


BEFORE_HELLO = {
    "a request of the web": b"GET / HTTP/1.1\r\nHost: soc\r\n\r\n",
    "zeros": bytes(64),
    "random bytes": os.urandom(4096),
    "a batch first": wire.batch(wire.BULK, EPOCH, 1, 1, GOOD),
    "a heartbeat first": wire.heartbeat(),
    "a hello of no lanes": wire.hello([]),
    "a lane twice": wire.hello([(1, EPOCH, 1, 1, 0, 0)] * 2),
    "a lane that does not exist": wire.hello([(2, EPOCH, 1, 1, 0, 0)]),
    "first beyond next": wire.hello([(1, EPOCH, 9, 2, 0, 0)]),
    "acked not below next": wire.hello([(1, EPOCH, 1, 5, 5, 0)]),
    "versions the wrong way round": wire.hello([(1, EPOCH, 1, 1, 0, 0)], versions=(2, 1)),
    "a hello with a byte too many": wire.frame(wire.HELLO, wire.hello([(1, EPOCH, 1, 1, 0, 0)])[16:] + b"x"),
    "a hello with a byte too few": wire.frame(wire.HELLO, wire.hello([(1, EPOCH, 1, 1, 0, 0)])[16:-1]),
    "a hello larger than hellos are": wire.header(wire.HELLO, 4097),
}

AFTER_HELLO = {
    "4 GiB announced": wire.header(wire.BATCH, 0xFFFFFFFF),
    "2 GiB announced": wire.header(wire.BATCH, 0x80000000),
    "a byte more than a batch may have": wire.header(wire.BATCH, (5 << 20) + 1),
    "a batch of no bytes": wire.header(wire.BATCH, 0),
    "a batch cut inside its head": wire.frame(wire.BATCH, b"\x01\x02\x03"),
    "a batch without a chunk": wire.batch(wire.BULK, EPOCH, 1, 1, b""),
    "type 0": wire.frame(0, b""),
    "type 9": wire.frame(9, b""),
    "type 255": wire.frame(255, b""),
    "flags": wire.header(wire.BATCH, 100, flags=1),
    "reserved bits": wire.header(wire.BATCH, 100, reserved=1),
    "damaged magic": spoilt_header(0, 0),
    "damaged size": spoilt_header(8, 0xFF),
    "damaged header sum": spoilt_header(12, 0),
    "an ACK": wire.frame(wire.ACK, b"\x00"),
    "a HELLO_ACK": wire.frame(wire.HELLO_ACK, bytes(40)),
    "an ORDER": wire.frame(wire.ORDER, bytes(9)),
    "another lane": wire.batch(wire.URGENT, EPOCH, 1, 1, GOOD),
    "another epoch": wire.batch(wire.BULK, EPOCH + 1, 1, 1, GOOD),
    "a lane that does not exist": wire.batch(7, EPOCH, 1, 1, GOOD),
    "no items": wire.batch(wire.BULK, EPOCH, 1, 0, GOOD),
    "too many items": wire.batch(wire.BULK, EPOCH, 1, 4097, GOOD),
    "a sequence of zero": wire.batch(wire.BULK, EPOCH, 0, 1, GOOD),
    "sequences beyond the last number": wire.batch(wire.BULK, EPOCH, (1 << 64) - 1, 2, GOOD),
    "a damaged chunk": wire.batch(wire.BULK, EPOCH, 1, 1, GOOD, crc=1),
    "a gap of nothing": wire.gap(wire.BULK, EPOCH, 1, 0),
    "a gap without reason": wire.gap(wire.BULK, EPOCH, 1, 1, reason=0),
    "a gap for a reason nobody knows": wire.gap(wire.BULK, EPOCH, 1, 1, reason=8),
    "a gap larger than gaps are": wire.header(wire.GAP, 513),
    "a heartbeat cut short": wire.frame(wire.HEARTBEAT, bytes(20)),
    "a heartbeat with more than it says": wire.frame(wire.HEARTBEAT, wire.heartbeat()[16:] + b"x"),
}

HALVES = {
    "half a header": wire.heartbeat()[:9],
    "half a batch": wire.batch(wire.BULK, EPOCH, 1, 1, GOOD)[:-2],
}


def test_frames_that_break_the_protocol_end_their_connection_only(stack):
    collector = stack.start_collector()
    honest = Honest(stack)
    ingest = collector.role("ingest")
    tls = stack.tls(3, 1)
    for words, data in BEFORE_HELLO.items():
        connection = wire.Connection(stack.port, tls)
        connection.send(data)
        assert ended(connection) == 5, words
        connection.close()
    for words, data in AFTER_HELLO.items():
        connection = wire.Connection(stack.port, tls)
        connection.greet((wire.BULK, EPOCH, 1, 1, 0, 0))
        connection.send(data)
        assert ended(connection) == 5, words
        connection.close()
    for data in HALVES.values():  # the sender dies
        connection = wire.Connection(stack.port, tls)
        connection.greet((wire.BULK, EPOCH, 1, 1, 0, 0))
        connection.send(data)
        connection.close()
    connection = wire.Connection(stack.port, tls)
    connection.send(wire.hello([(1, EPOCH, 1, 1, 0, 0)], versions=(2, 9)))
    assert ended(connection) == 2  # no common version
    connection.close()
    assert stack.counter("ingest.frames_refused") == len(BEFORE_HELLO) + len(AFTER_HELLO)
    honest.goes_on()
    honest.check()
    assert collector.role("ingest") == ingest


def long_window(raw):
    """A zstd frame whose window is 128 MiB, by its head."""
    packed = wire.compress(raw)
    head = packed[:4] + bytes([0x80, (17 << 3)]) + struct.pack("<I", len(raw))
    return head + packed[6:]


def sealed(frame):
    return struct.pack("<BBH", 1, 0, 0) + frame


RAW = wire.raw_chunk([b"line"] * 10)
ZIP_BOMB = wire.compress(bytes(4 << 20))
BAD_CHUNKS = {
    "one byte": b"\x01",
    "another layout": b"\x02" + GOOD[1:],
    "random bytes": os.urandom(5000),
    "4 MiB out of 150 bytes": sealed(ZIP_BOMB),
    "4 GiB by its head": sealed(ZIP_BOMB[:4] + bytes([0xE0]) + struct.pack("<Q", 4 << 30) + ZIP_BOMB[9:]),
    "more than a chunk may hold": sealed(wire.compress(bytes(5 << 20))) + bytes(0),
    "a bomb in a bomb": sealed(wire.compress(sealed(ZIP_BOMB))),
    "a window of 128 MiB": sealed(long_window(RAW)),
    "two frames": sealed(wire.compress(RAW) * 2),
    "a skippable frame before it": sealed(struct.pack("<II", 0x184D2A50, 4) + b"abcd" + wire.compress(RAW)),
    "padding that is not zero": struct.pack("<BBH", 1, 0, 4) + wire.compress(RAW) + b"abcd",
    "more padding than bytes": struct.pack("<BBH", 1, 0, 0xFFFF) + wire.compress(RAW),
    "cut": GOOD[:-3],
    "fewer items than said": wire.chunk([b"x"] * 9),
    "more items than said": wire.chunk([b"x"] * 11),
    "an item of a kind nobody knows": wire.seal(wire.raw_chunk([b"x"] * 10, kind=7)),
    "sizes beyond the end": wire.seal(struct.pack("<IIII", 10, 1, 0xFFFFFFFF, 0xFFFFFFFF) + RAW[16:]),
    "no sources": wire.seal(struct.pack("<IIII", 10, 0, 30, 0) + RAW[16:]),
}


def test_chunks_that_cannot_be_unpacked_are_declared_and_cost_no_memory(stack):
    collector = stack.start_collector()
    honest = Honest(stack)
    before = collector.memory_kib()
    agent = stack.wire_agent(3, 1, start=False)
    source = oracle.Source("between", 3, 1)
    for _ in range(3):
        for entry in BAD_CHUNKS.values():
            agent.entries.append((agent.next, 10, entry))
            agent.next += 10
            agent.offer(source.issue(10))
    source.owed = source.issued
    agent.start()
    stack.wait_acked([agent])
    assert agent.sessions == 1
    honest.goes_on()
    stored = stack.check([honest.source, source])
    assert [(gap["count"], gap["reason"]) for gap in stored.gaps] == [(10, "unreadable")] * 3 * len(BAD_CHUNKS)
    assert collector.memory_kib() < before + 64 * 1024


# ---- peers that stop --------------------------------------------------------------


def test_agents_that_stop_in_the_middle_of_a_frame_hold_up_nobody(stack):
    collector = restart_with(stack, SHORT)
    honest = Honest(stack)
    stopped = []
    for host in range(20, 30):
        connection = wire.Connection(stack.port, stack.tls(3, host))
        connection.greet((wire.BULK, EPOCH, 1, 1, 0, 0))
        connection.send(wire.batch(wire.BULK, EPOCH, 1, 1, GOOD)[:-3])
        stopped.append(connection)
    for host in range(30, 35):  # after TLS, before HELLO
        stopped.append(wire.Connection(stack.port, stack.tls(3, host)))
    for _ in range(5):
        honest.goes_on()
    for connection in stopped:
        ended(connection)
        connection.close()
    assert stack.counter("ingest.deadlines_passed") >= len(stopped)
    honest.goes_on()
    honest.check()
    assert collector.process.running()


def test_a_sender_whose_clock_is_wrong_is_stored_when_it_arrived(stack):
    stack.start_collector()
    agent = stack.wire_agent(2, 3, start=False)
    years = (1960, 1970, 2036, 2038, 2106, 2550)
    for year in years:
        stamp = f"{year}-11-22T01:02:03Z".encode()
        read_ns = (year - 1970) * 31556952 * 10**9 & (1 << 64) - 1
        entry = wire.chunk([b"<13>1 %s host app 1 - - in the year %d" % (stamp, year)], read_ns=read_ns)
        agent.entries.append((agent.next, 1, entry))
        agent.next += 1
    agent.start()
    stack.wait_acked()
    stack.wait_derived()
    stored = stack.stored()
    oracle.check_statistics(stored, stack.folder / "derive/derive.db")
    assert [raw.rsplit(b" ", 1)[1] for raw in stored.strange] == [b"%d" % year for year in years]
    now = time.strftime("%Y", time.gmtime())
    with_windows = oracle.windows(stack.folder / "derive/derive.db")
    assert {time.strftime("%Y", time.gmtime(start)) for start in with_windows} <= {now, str(int(now) - 1)}


# ---- what one may take from others --------------------------------------------------


def test_one_certificate_has_few_connections_without_hello(stack):
    """The caps of agency and collector count accepted agents; these would be more."""
    restart_with(stack, {"ingest": {"handshake-timeout": "20s"}})
    honest = Honest(stack)
    tls = stack.tls(2, 7)
    connections = [wire.Connection(stack.port, tls) for _ in range(30)]
    wait_until("the rest was turned away", lambda: stack.counter("ingest.sessions_refused") == 28)
    honest.goes_on()
    for connection in connections:
        connection.close()
    honest.check()


def test_clients_of_a_socket_for_both_families_are_told_apart(stack):
    restart_with(stack, {"ingest": {"listen": f"[::]:{stack.port}", "address-handshakes-max": 2,
                                    "handshake-timeout": "60s"}})
    silent = []
    for _ in range(2):
        sock = socket.socket()
        sock.bind(("127.0.0.66", 0))
        sock.connect(("127.0.0.1", stack.port))
        silent.append(sock)
    honest = Honest(stack)
    honest.check()
    assert stack.counter("ingest.handshakes_dropped") == 0
    for sock in silent:
        sock.close()


class Flood:
    """Connections that say nothing, from many addresses; one that is closed is replaced at once."""

    def __init__(self, port, addresses, each):
        self.port, self.ends, self.made = port, threading.Event(), 0
        self.sockets = {self.connect(address): address for address in addresses for _ in range(each)}
        self.thread = threading.Thread(target=self.replace)
        self.thread.start()

    def connect(self, address):
        sock = socket.create_connection(("127.0.0.1", self.port), source_address=(address, 0))
        self.made += 1
        return sock

    def replace(self):
        while not self.ends.is_set():
            for sock in select.select(list(self.sockets), [], [], 0.1)[0]:
                address = self.sockets.pop(sock)
                sock.close()
                time.sleep(0.001)
                self.sockets[self.connect(address)] = address

    def end(self):
        self.ends.set()
        self.thread.join()
        for sock in self.sockets:
            sock.close()


def test_an_agent_gets_in_under_a_flood_of_silent_connections(stack):
    """All places are taken from five addresses and taken again; newcomers and old friends get in."""
    restart_with(stack, {"ingest": {"handshake-timeout": "60s", "handshakes-max": 500, "address-handshakes-max": 100}})
    flood = Flood(stack.port, [f"127.0.0.{number}" for number in range(11, 16)], 100)
    try:
        assert flood.made >= 500
        honest = Honest(stack)
        for host in range(2, 12):
            agent = stack.wire_agent(2, host)
            agent.offer([b"a line of one more"])
            stack.wait_acked([agent], 20)
            agent.stop()
        honest.goes_on()
        assert honest.agent.sessions == 1
        assert stack.counter("ingest.handshakes_dropped") > 0
        stack.collector.process.wait_for("listener.flood")
        assert stack.collector.process.err.count("listener.flood") <= 2
    finally:
        flood.end()


def test_few_descriptors_are_said_and_only_strangers_feel_it(stack):
    """The limit is below what the settings ask for: caps are cut, and the store has what it needs."""
    powerless = ["setpriv", "--bounding-set=-sys_resource"] if os.geteuid() == 0 else []
    stack.settings["store"]["segment-age"] = "1s"
    stack.write_settings()
    stack.start_collector(prefix=["prlimit", "--nofile=240:240", *powerless])
    said = stack.collector.process.wait_for(r"ingest\.descriptors limit=240 needed=\d+ connections_max=(\d+) handshakes_max=(\d+)")
    assert int(said[1]) + int(said[2]) < 130
    flood = Flood(stack.port, [f"127.0.0.{number}" for number in range(11, 15)], 60)
    try:
        honest = Honest(stack)
        for _ in range(4):  # over segments that are closed and begun
            honest.goes_on()
            time.sleep(0.5)
        honest.check()
        assert not stack.control("status")["store"]["failed"]
    finally:
        flood.end()


def test_a_batch_whose_fields_outgrow_it_is_stored_and_the_lane_goes_on(stack):
    stack.start_collector()
    agent = stack.wire_agent(2, 1)
    agent.offer([b'{"pid":[' + b",".join([b"1"] * 504) + b"]}"] * 4096)
    agent.offer([b"an innocent line behind it"])
    stack.wait_acked([agent], 60)
    assert agent.sessions == 1
    assert stack.control("status")["store"]["refused_batches"] == 0
    assert stack.control("status")["store"]["records"] >= 4097


# ---- the register changes under living sessions --------------------------------------


def reload_with(stack, old, new):
    path = stack.folder / "agencies.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    stack.collector.process.signal(signal.SIGHUP)
    stack.collector.process.wait_for("collector.reloaded", 20)


def test_a_level_that_changes_counts_for_connected_agents_at_once(stack):
    stack.start_collector()
    agent = stack.wire_agent(2, 1)
    agent.offer([b"before"])
    stack.wait_acked()
    reload_with(stack, "level: 3", "level: 5")
    agent.offer([b"after"])
    stack.wait_acked()
    assert agent.sessions == 1
    levels = {line["record"]["event.original"]: (line["class"], line["record"]["soc.level"])
              for line in stack.export() if line["kind"] == "log"}
    assert levels == {"before": (3, 3), "after": (5, 5)}


def test_an_agency_that_leaves_the_register_is_sent_away(stack):
    stack.start_collector()
    honest = Honest(stack)
    leaver = stack.wire_agent(4, 1)
    leaver.offer([b"still here"])
    stack.wait_acked([leaver])
    reload_with(stack, "- number: 4\n    attr", "- number: 44\n    attr")
    wait_until("it was told why", lambda: IDENTITY in leaver.goodbyes)
    honest.goes_on()


def test_what_a_reload_cannot_change_is_named(stack):
    stack.start_collector()
    stack.settings["ingest"]["workers"] = 1
    stack.settings["log-level"] = "debug"
    stack.write_settings()
    stack.collector.process.signal(signal.SIGHUP)
    stack.collector.process.wait_for("collector.reload_partly key=ingest.workers", 20)
    stack.collector.process.wait_for("collector.reloaded", 20)
    assert "key=log-level" not in stack.collector.process.err
    path = stack.folder / "agencies.yaml"
    path.write_text(path.read_text().replace('code: "H47"', 'code: "H48"').replace("H47.", "H48."))
    stack.collector.process.signal(signal.SIGHUP)
    stack.collector.process.wait_for("the province's code and zone need a restart", 20)
    Honest(stack).goes_on()
