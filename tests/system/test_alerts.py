"""Findings become alerts that people see, close, suppress with soc-ctl; what they did survives kills."""
import json
import os
import socket
import subprocess
import time

from harness import wait_until
from senders import Listeners


def ctl(stack, *args, ok=True):
    run = subprocess.run([stack.program("soc-ctl"), *args, "--socket", str(stack.control_path), "--json"],
                         capture_output=True, text=True, timeout=30, env={**os.environ, "SUDO_USER": "lan"})
    assert (run.returncode == 0) == ok, run.stderr
    return json.loads(run.stdout) if ok else run.stderr


def guess(listeners, address, hours_ago=0):
    stamp = time.strftime("%b %e %H:%M:%S", time.gmtime(time.time() + (7 - hours_ago) * 3600))
    with listeners.connect("tcp") as tcp:
        tcp.sendall("".join(f"<86>{stamp} h sshd[7]: Failed password for root from {address} port 4711 ssh2\n"
                            for _ in range(10)).encode())


def alerts(stack, *args):
    return ctl(stack, "alerts", *args)["alerts"]


def wait_for(stack, what, *args):
    return wait_until(f"{what} is an alert", lambda: [a for a in alerts(stack, *args) if a["subject"] == what], 60)[0]


def test_an_alert_is_seen_closed_and_opens_again_over_kills(stack):
    listeners = Listeners(stack)
    collector = stack.start_collector()
    guess(listeners, "192.0.2.1", hours_ago=3)
    alert = wait_for(stack, "192.0.2.1")
    assert alert["title"] == "ssh-brute-force" and alert["status"] == "new" and alert["severity"] == "high"
    number = str(alert["number"])
    assert ctl(stack, "alerts", "assign", number, "--to", "minh")["acts"] == 1
    assert ctl(stack, "alerts", "ack", number)["acts"] == 1
    collector.kill()  # what was answered is durable
    collector.wait_gone()
    stack.start_collector()
    [seen] = wait_until("it is read again", lambda: alerts(stack, "--status", "acknowledged"), 60)
    assert seen["owner"] == "minh"
    assert "no alert 99" in ctl(stack, "alerts", "close", "99", "--verdict", "true", ok=False)
    assert "verdict" in ctl(stack, "alerts", "close", number, "--verdict", "maybe", ok=False)
    assert "which alerts" in ctl(stack, "alerts", "ack", ok=False)
    ctl(stack, "alerts", "close", "--rule", "ssh-brute-force", "--verdict", "true", "--text", "blocked \x1b[2J")
    assert not alerts(stack) and len(alerts(stack, "--status", "closed")) == 1
    collector = stack.collector
    collector.kill()
    collector.wait_gone()
    stack.start_collector()
    guess(listeners, "192.0.2.1")
    again = wait_for(stack, "192.0.2.1")
    assert (again["number"], again["reopened"], again["verdict"]) == (alert["number"], 1, "true")
    whole = ctl(stack, "alerts", "show", number)
    assert [h["what"] for h in whole["history"]] == ["assign", "acknowledge", "close", "re-opened"]
    assert whole["history"][2]["who"] == f"lan (uid {os.getuid()})" and "\x1b" in whole["history"][2]["text"]
    assert len(whole["evidence"]) == 2 and whole["class"] == "unauthorized-access"
    shown = subprocess.run([stack.program("soc-ctl"), "alerts", "show", number, "--socket", str(stack.control_path),
                            "--table"], capture_output=True, timeout=30).stdout
    assert b"\x1b" not in shown and b"\\x1b" in shown


def refuse_nonsense(stack):
    """Requests that are none, and those who do not wait for the answer, harm nobody."""
    for request in ["alerts-ack", "alerts-ack [", 'alerts-ack {"numbers":[1,{}]}', 'alerts-close {"numbers":7}', "alert {}",
                    'alerts {"severity":"dire"}', 'suppress-add {"agency":"-1"}', 'standing-remove {"number":"99"}',
                    'alerts {"since":"99999999999999w"}', 'watch-add {"until":"1d","owner":"\u0007","reason":"x"}']:
        assert stack.control(request)["error"], request
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(stack.control_path))
            sock.sendall(b'alerts-comment {"numbers":["1"],"text":"gone"}\n')
    wait_until("they were heard all the same", lambda: len(
        [h for h in ctl(stack, "alerts", "show", "1")["history"] if h["text"] == "gone"]) >= 4, 30)


def test_suppressions_hide_and_say_so(stack):
    listeners = Listeners(stack)
    stack.start_collector()
    guess(listeners, "192.0.2.1")
    wait_for(stack, "192.0.2.1")
    scope = ["--prefix", "192.0.2.0/24"]
    assert ctl(stack, "suppress", "preview", *scope)["findings_hidden"] == 1
    order = [*scope, "--owner", "minh", "--reason", "a scanner of ours"]
    assert "an end" in ctl(stack, "suppress", "add", *order, "--until", "", ok=False)
    assert "hide all" in ctl(stack, "suppress", "add", *order[2:], "--until", "1d", ok=False)
    assert "grouped" in ctl(stack, "suppress", "add", *order, "--until", "1d")["critical"]
    guess(listeners, "192.0.2.2")
    hidden = wait_for(stack, "192.0.2.2", "--status", "suppressed")
    assert hidden["findings"] == 0 and hidden["suppressed"] == 1
    assert [a["subject"] for a in alerts(stack)] == ["192.0.2.1"]
    [listed] = ctl(stack, "suppress", "list")["orders"]
    assert listed["findings"] == 1 and listed["state"] == "in force" and listed["owner"] == "minh"
    ctl(stack, "suppress", "remove", str(listed["number"]))
    ctl(stack, "watch", "add", "--owner", "minh", "--reason", "Tet", "--until", "3d")
    guess(listeners, "192.0.2.3")
    assert wait_for(stack, "192.0.2.3")["severity"] == "critical"
    history = ctl(stack, "alerts", "show", str(hidden["number"]))
    assert history["evidence"][0]["about"].startswith("{")
    assert ctl(stack, "alerts", "noisy")["rules"][0]["suggestion"].startswith("soc-ctl suppress preview --rule ")
    refuse_nonsense(stack)
    summary = ctl(stack, "alerts", "summary")
    assert summary["learning"] and summary["budget"]["alerts_today"] == 2 and summary["kept"] == 3
