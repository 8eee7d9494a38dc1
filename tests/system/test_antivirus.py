"""Antivirus detections from a syslog sender to the malware report that the nation receives."""
import re
import shutil
import socket

import oracle
import pytest
import yaml
from harness import ROOT, free_port, wait_until
from receiver import CarriedByHand, Receiver

CONSOLE = 21  # a host of agency 2 that speaks of the machines of agencies 3 and 4
SERVER = 22  # another one, that speaks for nobody


@pytest.fixture
def console(stack):
    """Sends lines as an antivirus console would, over UDP."""
    port = free_port()
    stack.settings["ingest"]["syslog"] = {
        "listeners": [{"name": "udp", "transport": "udp", "listen": f"127.0.0.1:{port}"}],
        "senders": [{"name": "console", "agency": 2, "host": CONSOLE, "addresses": ["127.0.0.1"]},
                    {"name": "server", "agency": 2, "host": SERVER, "addresses": ["127.0.0.2"]}]}
    stack.settings["national"] = "national"
    shutil.copytree(ROOT / "configs/national", stack.folder / "national")
    profile = stack.folder / "national/profile.yaml"
    text = profile.read_text()
    profile.write_text(re.sub(r"gather: \w+", "gather: 1s", text))
    assert profile.read_text() != text
    stack.write_settings()
    register = yaml.safe_load((stack.folder / "agencies.yaml").read_text())
    register["shared-sources"] = [{
        "agency": 2, "host": CONSOLE, "agencies": [3, 4],
        "rules": [{"by": "group", "values": ["Sở Tài chính"], "agency": 3},
                  {"by": "prefix", "values": ["10.47.4.0/24"], "agency": 4}]}]
    (stack.folder / "agencies.yaml").write_text(yaml.safe_dump(register, allow_unicode=True))
    stack.start_collector()
    sent = {CONSOLE: [], SERVER: []}

    def send(*lines, host=CONSOLE):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1" if host == CONSOLE else "127.0.0.2", 0))
            for line in lines:
                udp.sendto(line.encode(), ("127.0.0.1", port))
        sent[host].extend(lines)
        wait_until("they are stored", lambda: (stack.ledger(2, host, 4) or (0, 0))[0] >= len(sent[host]), 60)
        stack.wait_derived()

    return send


def kaspersky(event, machine, malware, path, group="Sở Tài chính", address="192.0.2.9", seconds=0):
    rt = int((oracle.HAPPENED + seconds) * 1000)
    return (f"<13>1 - ksc-1 - - - - CEF:0|KasperskyLab|SecurityCenter|13.2|{event}|x|4|rt={rt} dhost={machine} dst={address} "
            f"cs1={malware} cs1Label=VirusName cs9={group} cs9Label=GroupName filePath={path}")


def machines(report):
    """[(agency is not told), ip, name, [(malware, type, files)]] of a report."""
    return [(ip, name, re.findall("<MalwareName>(.*?)</MalwareName><MalwareType>(.*?)</MalwareType>.*?"
                                  "<NumberFile>(.*?)</NumberFile>", body))
            for ip, name, body in re.findall('<Machine ip="(.*?)".*? name="(.*?)">(.*?)</Machine>', report)]


def test_a_detection_reaches_the_nation_once_for_a_machine_malware_and_day(stack, console, tmp_path):
    found = "GNRL_EV_VIRUS_FOUND"
    console(*[kaspersky(found, "WS-1", "Trojan.Win32.Emotet.a", "C:/a.exe", seconds=n) for n in range(5)],
            kaspersky(found, "WS-2", "Worm.Win32.Sality.a", "C:/b.exe", group="x", address="10.47.4.7"),
            kaspersky(found, "WS-3", "Virus.Win32.Nobody.a", "C:/c.exe", group="x"),
            kaspersky(found, "WS-1", "EICAR-Test-File", "C:/eicar.com"),
            kaspersky("GNRL_EV_OBJECT_DELETED", "WS-1", "Trojan.Win32.Emotet.a", "C:/a.exe", seconds=6),
            "<13>1 - ksc-1 - - - - CEF:0|KasperskyLab|SecurityCenter|13.2|KLPRCI_TaskState|Scan finished|1|dhost=WS-1")
    receiver = Receiver(CarriedByHand(stack.folder / "out"), stack.folder / "pki/ca.pem", tmp_path / "received")

    def told():
        receiver.receive("soc.H47.malware.v1")
        return sorted(machine for report in receiver.reports.values() for machine in machines(report))

    wait_until("all three are reported", lambda: len(told()) >= 3)
    assert told() == [
        ("10.47.4.7", "WS-2", [("Worm.Win32.Sality.a", "Worm", "1")]),
        ("192.0.2.9", "WS-1", [("Trojan.Win32.Emotet.a", "Trojan", "1")]),
        ("192.0.2.9", "WS-3", [("Virus.Win32.Nobody.a", "Virus", "1")])]

    shown = {m["machine"]: (m["malware"], m["agency"], m["times"], m["files"], m["open"])
             for m in stack.control("malware")["malware"]}
    assert shown == {"WS-1": ("Trojan.Win32.Emotet.a", 3, 5, 1, False), "WS-2": ("Worm.Win32.Sality.a", 4, 1, 1, True),
                     "WS-3": ("Virus.Win32.Nobody.a", 2, 1, 1, True)}

    # The same again and in another file is no new finding; a machine that was not ill yet is one.
    console(kaspersky(found, "ws-1.so.example.vn", "Trojan.Win32.Emotet.a", "C:/other.exe", seconds=9),
            kaspersky(found, "WS-4", "Trojan.Win32.Emotet.a", "C:/a.exe", seconds=9))
    wait_until("the next report arrives", lambda: any("WS-4" in machine for machine in told()))
    assert sum(report.count(">Trojan.Win32.Emotet.a<") for report in receiver.reports.values()) == 2

    agencies = {(r["host.name"], r["threat.software.name"]): (r["soc.agency"], r.get("soc.test", False),
                                                               r.get("soc.unattributed", False))
                for r in (e["record"] for e in stack.export() if e["kind"] == "log") if "threat.software.name" in r}
    assert agencies["WS-1", "Trojan.Win32.Emotet.a"] == (3, False, False)
    assert agencies["WS-2", "Worm.Win32.Sality.a"] == (4, False, False)
    assert agencies["WS-3", "Virus.Win32.Nobody.a"] == (2, False, True)
    assert agencies["WS-1", "EICAR-Test-File"] == (3, True, False)

    # What any other host says is about itself: it neither makes nor closes a finding of another machine.
    console("<13>1 - srv root - - - Virus: Trojan.Win32.Forged; Ten may: WS-2; IP: 10.47.4.7; Ket qua: Chua diet",
            kaspersky("GNRL_EV_OBJECT_DELETED", "WS-2", "Worm.Win32.Sality.a", "C:/b.exe", seconds=10), host=SERVER)
    shown = [(m["host"], m["machine"], m["malware"], m["open"]) for m in stack.control("malware")["malware"]]
    assert (CONSOLE, "WS-2", "Worm.Win32.Sality.a", True) in shown
    assert [s[1:] for s in shown if s[0] == SERVER and "WS-2" in s[1]] == []
    assert sum(s[0] == SERVER for s in shown) == 2

    stack.wait_recounted()
    wait_until("all are reported, and counted again as reported", lambda: (
        "0 differ, 0 missing, 0 too many; 0 of them not reported yet" in stack.recount()[1]), 60, 0.5)
