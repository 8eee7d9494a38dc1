"""Own formats: files in a folder, taken over under load, refused without harm."""
import json
import shutil
import signal
import socket
import subprocess
import threading

import pytest
from harness import ROOT, wait_until
from senders import Listeners

GOOD = """
number: 210
summary: probe
patterns:
  - match: 'probe %{{number:event.sequence}} login of %{{word:user.name}} from %{{ip:source.ip}} failed'
    set: {{event.action: {action}, event.category: authentication, event.type: start, event.outcome: failure}}
samples:
  - line: probe 1 login of an from 192.0.2.1 failed
    fields: {{user.name: an, source.ip: 192.0.2.1}}
"""
BROKEN = GOOD.replace("user.name: an,", "user.name: binh,")


@pytest.fixture
def formats(stack):
    stack.settings["parsers"] = "formats"
    folder = stack.folder / "formats"
    folder.mkdir()
    (folder / "probe.yaml").write_text(GOOD.format(action="first"))
    listeners = Listeners(stack, [Listeners.sender("device", 2, 21, ["127.0.0.1"], format="probe")])
    stack.start_collector()
    return listeners, folder


def shown(stack):
    return {f["name"]: f for f in stack.control("status")["formats"]}


def reload(stack):
    stack.collector.process.signal(signal.SIGHUP)


def check(stack):
    return subprocess.run([stack.program("soc-collector"), "check", "-c", stack.folder / "collector.yaml"],
                          capture_output=True, text=True)


def test_a_reload_under_load_swaps_formats_between_two_records(formats):
    listeners, folder = formats
    stack = listeners.stack
    stop, sent = threading.Event(), [0]

    def send():
        with listeners.connect("tcp") as tcp:
            while not stop.is_set():
                sent[0] += 1
                tcp.sendall(b"<13>Nov 22 01:02:03 h app: probe %d login of an from 192.0.2.1 failed\n" % sent[0])

    sender = threading.Thread(target=send)
    sender.start()
    try:
        wait_until("some are stored", lambda: listeners.stored() >= 100, 60)
        # a broken file keeps what the last good one gave, a new good one beside it is taken
        (folder / "probe.yaml").write_text(BROKEN.format(action="broken"))
        shutil.copy(ROOT / "configs/parsers/mot-cua.yaml", folder)
        reload(stack)
        wait_until("it says so", lambda: shown(stack).get("probe", {}).get("state") == "kept")
        stack.collector.process.wait_for(r"format\.refused.*probe.*kept")
        assert "user.name' is 'an', not 'binh'" in shown(stack)["probe"]["reason"]
        assert (shown(stack)["mot-cua"]["state"], shown(stack)["mot-cua"]["number"]) == ("loaded", 200)
        failed = check(stack)
        assert failed.returncode == 1 and "formats/probe.yaml:9:25: " in failed.stderr
        at = listeners.stored()
        wait_until("more are stored", lambda: listeners.stored() >= at + 100, 60)
        # a good one again
        (folder / "probe.yaml").write_text(GOOD.format(action="second"))
        reload(stack)
        wait_until("it is taken", lambda: shown(stack)["probe"]["state"] == "loaded")
        at = listeners.stored()
        wait_until("more are stored", lambda: listeners.stored() >= at + 100, 60)
    finally:
        stop.set()
        sender.join()
    assert check(stack).returncode == 0
    records = listeners.wait(sent[0])
    assert {(r["soc.parser"], r["event.module"], r["soc.parse_status"]) for r in records} == {
        ("probe", "probe", "ok")}
    actions = [r["event.action"] for r in sorted(records, key=lambda r: r["event.sequence"])]
    assert actions == sorted(actions) and set(actions) == {"first", "second"}
    assert {r["soc.class"] for r in records} == {"unauthorized-access"}
    numbers = [r["event.sequence"] for r in records]
    breaks = [(at, numbers[at - 1:at + 2]) for at in range(1, len(numbers)) if numbers[at] != numbers[at - 1] + 1]
    assert (breaks, numbers[0], numbers[-1]) == ([], 1, sent[0])


def test_a_collector_starts_with_a_broken_format(stack):
    stack.settings["parsers"] = "formats"
    (stack.folder / "formats").mkdir()
    (stack.folder / "formats/probe.yaml").write_text(BROKEN.format(action="broken"))
    listeners = Listeners(stack, [Listeners.sender("device", 2, 21, ["127.0.0.1"], format="probe")])
    stack.start_collector()
    assert shown(stack)["probe"]["state"] == "refused"
    with socket.create_connection(("127.0.0.1", listeners.ports["tcp"])) as tcp:
        tcp.sendall(b"<13>Nov 22 01:02:03 h app: probe 1 login of an from 192.0.2.1 failed\n")
    (record,) = listeners.wait(1)
    assert record["soc.parser"] == "rfc3164"


def test_lines_are_normalized_as_a_collector_with_these_settings_would(stack):
    """`normalize -c`: its own formats, its zone, its masking; other options go before."""
    stack.settings["parsers"] = "formats"
    (stack.folder / "formats").mkdir()
    (stack.folder / "formats/probe.yaml").write_text(GOOD.format(action="first"))
    stack.settings["masking"] = str(stack.folder / "masking.yaml")
    (stack.folder / "masking.yaml").write_text("fields:\n  - field: user.name\n    action: mask\n")
    stack.write_settings()

    def normalize(*options):
        done = subprocess.run(
            [stack.program("soc-collector"), "normalize", "-c", stack.folder / "collector.yaml", "--format", "probe",
             *options],
            input="<13>Nov 22 10:00:00 h app: probe 1 login of nguyenvanan from 192.0.2.1 failed\n",
            capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    record = normalize()
    assert record["event.module"] == "probe" and record["event.action"] == "first"
    assert record["user.name"] == "*" * 11 and "nguyenvanan" not in record["event.original"]
    assert record["@timestamp"][11:19] == "03:00:00"
    assert normalize("--tz", "UTC")["@timestamp"][11:19] == "10:00:00"
    done = subprocess.run([stack.program("soc-collector"), "normalize", "-c", stack.folder / "none.yaml"],
                          input="", capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "none.yaml" in done.stderr
