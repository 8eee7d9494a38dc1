"""Windows Event Forwarding: subscriptions are given, what is delivered is durable before it is acknowledged."""
import hashlib
import signal
import ssl
import subprocess

import harness
import pytest
from harness import wait_until
from senders import Listeners, counted
from wef import WSMAN, Computer, envelope, sldc

NAME = "pc1.xa.example"


@pytest.fixture
def windows(stack):
    """A collector with two subscriptions and a computer that has a certificate."""
    return Windows(stack)


class Windows:
    def __init__(self, stack):
        self.stack, self.port = stack, harness.free_port()
        self.certificates = harness.Certificates(stack.folder / "devices")
        self.certificates.issue("pc1", f"DNS:{NAME}")
        self.certificates.issue("nobody", "DNS:nobody.example")
        folder = self.certificates.folder
        listener = {"name": "windows", "transport": "tls", "protocol": "wef", "listen": f"127.0.0.1:{self.port}",
                    "clients": "required", "ca": str(folder / "ca.crt"),
                    "crl": str(self.certificates.revoke()), "certificate": str(folder / "server.crt"),
                    "key": str(folder / "server.key")}
        self.query("security", "*[System[(EventID=4625)]]")
        self.query("system", "*[System[(EventID=104)]]")
        stack.settings["ingest"]["syslog"] = {
            "listeners": [listener], "forwarders": str(stack.folder / "derive/forwarders.db"),
            "senders": [Listeners.sender("pc1", 2, 21, ["127.0.0.1"], certificate=NAME)],
            "subscriptions": [{"name": "security", "query": str(stack.folder / "security.xml"), "content": "rendered"},
                              {"name": "system", "query": str(stack.folder / "system.xml"), "heartbeat": "20m"}]}
        stack.write_settings()
        stack.start_collector()
        self.records = lambda: Listeners.records(self)
        self.stored = lambda: Listeners.stored(self)

    def query(self, name, select):
        (self.stack.folder / f"{name}.xml").write_text(
            f'<QueryList><Query Id="0"><Select Path="Security">{select}</Select></Query></QueryList>')

    def computer(self, name="pc1"):
        folder = self.certificates.folder
        certificate = (folder / f"{name}.crt", folder / f"{name}.key") if name else None
        return Computer(self.port, self.certificates.ca, certificate, NAME)

    def forwarder(self, subscription):
        computers = self.stack.control("forwarders")["forwarders"]
        return next(c for c in computers if c["subscription"] == subscription and c["computer"] == NAME)

    def numbers(self):
        return sorted(int(r["winlog.record_id"]) for r in self.records())


def test_a_computer_delivers_and_goes_on_where_it_was(windows):
    """Enumerate, deliver rendered and raw events, be killed: the bookmark comes back, nothing acknowledged is lost."""
    computer = windows.computer()
    assert computer.send("/wsman/SubscriptionManager/WEC", b"").status == 200  # may I come?
    assert computer.send("/WSMan/subscriptionmanager/wec", b"").status == 200  # as somebody typed it
    found = computer.enumerate()
    security = found["security"]
    assert set(found) == {"security", "system"} and security.bookmark is None
    assert security.options["ContentFormat"] == "RenderedText" and found["system"].options["ContentFormat"] == "Raw"
    assert security.options["Compression"] == "SLDC" and found["system"].heartbeat == "PT1200.000S"
    assert security.selects == ["*[System[(EventID=4625)]]"]
    assert security.address.startswith(f"https://localhost:{windows.port}/wsman/subscriptions/")
    der = ssl.PEM_cert_to_DER_cert(windows.certificates.ca.read_text())
    assert security.issuer == hashlib.sha1(der).hexdigest().upper()

    assert computer.heartbeat(security).action == WSMAN + "Ack"
    assert Listeners.shown(windows, "pc1")["heard"]
    assert computer.deliver(security, range(1, 51)).action == WSMAN + "Ack"
    assert computer.deliver(found["system"], range(51, 61), rendered=False).action == WSMAN + "Ack"
    assert windows.stored() == 60  # durable when it is acknowledged
    # The file is written behind it; what is known after a kill is that or older.
    wait_until("the bookmark is kept", lambda: b'RecordId="50"' in b"".join(
        p.read_bytes() for p in (windows.stack.folder / "derive").glob("forwarders.db*")), 30)
    shown = windows.forwarder("security")
    assert (shown["events"], shown["heartbeats"], shown["silent"], shown["sender"]) == (50, 1, False, "pc1")

    collector = windows.stack.collector
    listening = collector.listening()
    collector.kill_role("ingest")
    wait_until("it is back", lambda: collector.listening() > listening, 60)
    computer.close()
    again = computer.enumerate()
    assert again["security"].record == 50 and again["security"].version == security.version
    assert computer.deliver(again["security"], range(61, 71)).action == WSMAN + "Ack"
    assert computer.enumerate()["security"].record == 70

    records = windows.records()
    assert windows.numbers() == list(range(1, 71))
    first = next(r for r in records if r["winlog.record_id"] == "1")
    assert first["event.code"] == "4625" and first["event.outcome"] == "failure"
    assert first["source.ip"] == "192.0.2.9" and first["user.name"] == "Nguyễn 1 & con"
    assert first["event.original"].startswith("<Event ") and "An account failed" in first["event.original"]
    assert first["soc.parser"] == "windows-xml" and first["soc.input"] == "wef"
    raw = next(r for r in records if r["winlog.record_id"] == "51")
    assert "RenderingInfo" not in raw["event.original"] and raw["user.name"] == "Nguyễn 51 & con"

    answer, ended = computer.end(again["system"])
    assert answer.action == WSMAN + "Ack" and (ended.status, ended.raw) == (204, b"")
    assert windows.forwarder("system")["ended"]
    counted(windows.stack)


def test_nothing_is_acknowledged_that_is_not_durable(windows):
    """A store without room: no answer, no bookmark; with room, the computer delivers again."""
    stack = windows.stack
    assert stack.collector.stop() == 0
    stack.settings["store"]["reserve"] = "1000TiB"
    stack.write_settings()
    stack.start_collector()
    computer = windows.computer()
    security = computer.enumerate()["security"]
    computer.patience = 3
    computer.close()
    with pytest.raises(OSError):
        computer.deliver(security, range(1, 6))
    computer.patience = 60
    assert windows.stored() == 0 and computer.enumerate()["security"].bookmark is None
    assert windows.forwarder("security")["events"] == 0
    computer.close()
    stack.collector.kill()
    del stack.settings["store"]["reserve"]
    stack.write_settings()
    stack.start_collector()
    security = computer.enumerate()["security"]
    assert security.bookmark is None and computer.deliver(security, range(1, 6)).action == WSMAN + "Ack"
    assert windows.numbers() == [1, 2, 3, 4, 5]
    shown = subprocess.run([stack.program("soc-ctl"), "forwarders", "--socket", stack.control_path],
                           capture_output=True, text=True)
    assert NAME in shown.stdout, shown


def test_what_makes_no_sense_is_a_fault_and_stores_nothing(windows):
    computer = windows.computer()
    found = computer.enumerate()["security"]
    packed = sldc(b"\xff\xfe" + envelope(WSMAN + "Events", found.address, NAME, "", "<w:Events/>").encode("utf-16-le"))
    for body in (packed[:-9] + packed[-4:], packed[:40] + b"\0\0" + packed[42:], packed[:-4] + b"\xff\xff\xff\xff"):
        answer = computer.send(found.path, body, True)
        assert answer.status == 400 and answer.fault == ["s:Sender", "a:InvalidMessageInformationHeader"]
    entity = '<!DOCTYPE x [<!ENTITY a "b">]>' + envelope(WSMAN + "Events", found.address, NAME)
    assert computer.say(found.path, entity).status == 400
    assert computer.say(found.path, envelope("http://example/Other", found.address, NAME)).fault[1] == "a:ActionNotSupported"
    must = '<x:New xmlns:x="u" s:mustUnderstand="true"/>'
    assert computer.say(found.path, envelope(WSMAN + "Events", found.address, NAME, must)).fault == ["s:MustUnderstand"]
    found.address = found.address[:-1] + "Z"
    answer = computer.deliver(found, range(1, 3))
    assert answer.status == 500 and answer.fault == ["s:Receiver", "w:DeliveryRefused"]
    assert computer.send("/elsewhere", b"").status == 404
    assert windows.stored() == 0 and windows.stack.counter("ingest.wef_faults") == 7
    assert windows.stack.collector.process.err.count("wef.fault") == 1  # in a minute
    assert computer.heartbeat(computer.enumerate()["security"]).status == 200  # the connection is fine


def test_who_it_is_is_said_by_its_certificate(windows):
    """Nobody's certificate, none at all; what a computer calls itself changes no agency."""
    assert windows.computer("nobody").send("/wsman/SubscriptionManager/WEC", b"").status == 401
    with pytest.raises((OSError, ssl.SSLError)):
        windows.computer(None).enumerate()
    liar = windows.computer()
    liar.name = "dc1.other-agency.example"
    found = liar.enumerate()["security"]
    assert liar.deliver(found, range(1, 3)).status == 200
    assert len(windows.records()) == 2  # of the agency and host that the settings give its certificate


def test_a_certificate_that_is_revoked_ends_a_connection_that_is_never_idle(windows):
    computer = windows.computer()
    security = computer.enumerate()["security"]
    windows.certificates.revoke("pc1")
    assert computer.heartbeat(security).status == 200  # before the list is read
    windows.stack.collector.process.signal(signal.SIGHUP)

    def has_ended():
        try:
            return computer.heartbeat(security).status != 200
        except OSError:
            return True

    wait_until("it is no sender any more", has_ended, 20, 0)
    with pytest.raises(OSError):
        computer.heartbeat(security)
    windows.stack.collector.process.wait_for(r"senders\.ended peer=\S+ it is no sender any more", 10)


def test_many_computers_of_an_agency_are_the_hosts_that_the_register_names(windows):
    """A sender for all of them: its certificate's name has a star, and each event is of the computer
    whose certificate it came by: another name in it is a claim."""
    windows.stack.settings["ingest"]["syslog"]["senders"] = [Listeners.sender(
        "pool", 2, 21, ["127.0.0.1"], certificate="*.pool.example", **{"names-host": True})]
    windows.stack.write_settings()
    windows.stack.collector.process.signal(signal.SIGHUP)
    for host, calls_itself in (("h3", "h3"), ("h5", "h5"), ("nobody", "nobody"), ("h5", "h3")):
        windows.certificates.issue(host, f"DNS:{host}.pool.example")
        computer = windows.computer(host)
        computer.name = f"{calls_itself}.example.gov.vn"
        wait_until("it is let in", lambda: computer.send("/wsman/SubscriptionManager/WEC", b"").status == 200, 30)
        assert computer.deliver(computer.enumerate()["security"], [1]).status == 200
    records = [r["record"] for r in windows.stack.export() if r["kind"] == "log" and r["record"].get("soc.input") == "wef"]
    assert [(r["host.name"].split(".")[0], r["soc.host"], r.get("soc.claimed_host")) for r in records] == [
        ("h3", 3, None), ("h5", 5, None), ("nobody", 21, "nobody.example.gov.vn"), ("h3", 5, "h3.example.gov.vn")]


def test_another_query_is_another_version(windows):
    computer = windows.computer()
    before = computer.enumerate()
    assert computer.deliver(before["security"], range(1, 4)).status == 200
    windows.query("security", "*[System[(EventID=4625 or EventID=4624)]]")
    windows.stack.collector.process.signal(signal.SIGHUP)
    wait_until("the other one is given", lambda: computer.enumerate()["security"].version != before["security"].version, 60)
    after = computer.enumerate()
    assert after["system"].version == before["system"].version
    assert after["security"].address == before["security"].address and after["security"].record == 3
    assert computer.deliver(before["security"], range(4, 6)).status == 200  # on its way under the old one
    assert windows.numbers() == [1, 2, 3, 4, 5]
    check(windows, 0)
    (windows.stack.folder / "security.xml").write_text("<QueryList>\n<Querry/></QueryList>")
    assert "security.xml:2:" in check(windows, 1)
    sets = sorted((harness.ROOT / "configs/wef").glob("*.xml"))
    windows.stack.settings["ingest"]["syslog"]["subscriptions"] = [
        {"name": path.stem, "query": str(path)} for path in sets]
    windows.stack.write_settings()
    assert len(sets) >= 5
    check(windows, 0)  # what is shipped


def check(windows, code):
    done = subprocess.run([windows.stack.program("soc-collector"), "check", "-c", windows.stack.folder / "collector.yaml"],
                          capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stderr
