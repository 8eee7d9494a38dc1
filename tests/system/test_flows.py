"""Exporters of flow records: softflowd for NetFlow and IPFIX, datagrams of our own for sFlow and what goes wrong."""
import socket
import struct

import harness
import pytest
from harness import wait_until
from senders import Listeners, counted

CLIENTS = 20
START_S = 1772852400  # 2026-03-07T03:00:00Z


def peer(name):
    root = harness.fetch_peer(name)
    if root is None:
        message = f"Debian's {name} is not to be had here"
        if harness.IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    return root


def packet(source, destination, ports, flags, payload):
    """A TCP segment in an Ethernet frame; nobody looks at the checksums."""
    tcp = struct.pack("!HHIIHHHH", *ports, 1, 1, 0x5000 | flags, 1000, 0, 0) + b"x" * payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0,
                     socket.inet_aton(source), socket.inet_aton(destination))
    return bytes.fromhex("00005e00530200005e0053010800") + ip + tcp


def capture(path):
    """Connections of CLIENTS clients: a request of 100 bytes, an answer of 1000, their ends."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for n in range(CLIENTS):
        client, server, ports = f"10.0.0.{n + 1}", "203.0.113.7", (50000 + n, 443)
        frames = [packet(client, server, ports, 0x02, 0), packet(server, client, ports[::-1], 0x12, 0),
                  packet(client, server, ports, 0x18, 100), packet(server, client, ports[::-1], 0x18, 1000),
                  packet(client, server, ports, 0x11, 0), packet(server, client, ports[::-1], 0x11, 0)]
        for at, frame in enumerate(frames):
            out += struct.pack("<IIII", START_S + at, n, len(frame), len(frame)) + frame
    path.write_bytes(out)


@pytest.mark.parametrize("version, name", [(5, "netflow5"), (9, "netflow9"), (10, "ipfix")])
def test_softflowd_delivers(stack, processes, version, name):
    root = peer("softflowd")
    listeners = Listeners(stack)
    stack.start_collector()
    capture(stack.folder / "flows.pcap")
    processes.run(root / "usr/sbin/softflowd", "-d", "-v", str(version), "-r", stack.folder / "flows.pcap",
                  "-n", f"127.0.0.1:{listeners.ports['netflow-udp']}", "-p", stack.folder / "pid",
                  "-c", "none", env=harness.peer_libraries(root))
    wait_until("all flows are stored", lambda: listeners.stored() >= 2 * CLIENTS, 60)
    flows = [r for r in listeners.records() if "source.ip" in r]
    assert len(flows) == 2 * CLIENTS
    assert {r["soc.parse_status"] for r in flows} == {"ok"} and {r["soc.parser"] for r in flows} == {"flow"}
    assert {r["netflow.version"] for r in flows} == {name} and {r["soc.input"] for r in flows} == {"netflow-udp"}
    requests = {r["source.ip"]: r for r in flows if r["destination.port"] == 443}
    assert set(requests) == {f"10.0.0.{n + 1}" for n in range(CLIENTS)}
    request, answer = requests["10.0.0.3"], next(r for r in flows if r["destination.ip"] == "10.0.0.3")
    assert (request["source.port"], request["source.packets"], request["source.bytes"]) == (50002, 3, 220)
    assert (answer["destination.port"], answer["source.packets"], answer["source.bytes"]) == (50002, 3, 1120)
    assert request["network.transport"] == "tcp" and request["event.duration"] == 5 * 10**9
    assert listeners.stack.control("senders")["senders"][0]["missing"] == 0
    counted(stack)  # a flow is no attack


def datagram9(sequence, *sets):
    body = b"".join(struct.pack("!HH", id, 4 + len(data)) + data for id, data in sets)
    return struct.pack("!HHIIII", 9, len(sets), 1000, START_S, sequence, 7) + body


TEMPLATE = (0, struct.pack("!HHHHHH", 256, 2, 8, 4, 12, 4))
DATA = (256, socket.inet_aton("10.0.0.1") + socket.inet_aton("10.0.0.2"))


def test_what_is_missing_late_or_unreadable_is_seen(stack):
    listeners = Listeners(stack)
    stack.start_collector()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for sent in (datagram9(1, DATA), datagram9(2, TEMPLATE), datagram9(6, DATA), b"\0\x07no such version",
                     datagram9(7, (300, b"nobody tells what it is"))):
            udp.sendto(sent, ("127.0.0.1", listeners.ports["netflow-udp"]))
        records = listeners.wait(3)
    assert [r["soc.parse_status"] for r in records] == ["ok", "ok", "damaged"]
    assert records[2]["error.message"] == "unknown version"
    assert bytes.fromhex(records[2]["event.original"].split('"octets":"')[1][:-2]) == b"\0\x07no such version"
    counters = stack.control("status")["counters"]
    assert (counters["ingest.flow_missing"], counters["ingest.flow_sets_waited"]) == (3, 2)
    assert stack.control("senders")["senders"][0]["missing"] == 3
    stack.collector.stop()  # what waits for its template is stored as bytes
    (last,) = listeners.records()[3:]
    assert (last["soc.parse_status"], last["error.message"]) == ("damaged", "its template did not come")


def test_sflow_samples_are_records(stack):
    frame = packet("10.0.0.1", "203.0.113.7", (50000, 443), 0x18, 40)
    frame += b"\0" * (-len(frame) % 4)
    header = struct.pack("!IIII", 1, 1518, 4, len(frame)) + frame
    flow = struct.pack("!IIIIIIII", 1, 3, 512, 5120, 0, 3, 4, 1) + struct.pack("!II", 1, len(header)) + header
    counters = struct.pack("!IIQIIQ6IQ5II", 3, 6, 10**9, 1, 3, 5 * 10**9, *range(6), 7, *range(5), 2)
    counters = struct.pack("!III", 1, 3, 1) + struct.pack("!II", 1, len(counters)) + counters
    datagram = struct.pack("!II4sIIII", 5, 1, socket.inet_aton("192.0.2.9"), 0, 1, 777, 2)
    for type, sample in ((1, flow), (2, counters)):
        datagram += struct.pack("!II", type, len(sample)) + sample
    listeners = Listeners(stack)
    stack.start_collector()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(datagram, ("127.0.0.1", listeners.ports["sflow-udp"]))
        sampled, counted_by_device = listeners.wait(2)
    assert (sampled["source.ip"], sampled["destination.port"], sampled["source.bytes"]) == ("10.0.0.1", 443, 1518)
    assert (sampled["sflow.samplingInterval"], sampled["event.kind"]) == ("512", "event")
    assert (counted_by_device["sflow.ifInOctets"], counted_by_device["event.kind"]) == ("5000000000", "metric")
