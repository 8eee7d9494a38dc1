"""Sigma rules in the stream: a line that a rule fits becomes a finding; rules change while lines come."""
import json
import signal
import subprocess
import time

from harness import wait_until
from senders import Listeners

RULE = """title: Xoá nhật ký
id: 5b1c8a9e-0000-4000-8000-0000000000{number:02}
level: high
tags: [attack.defense-evasion, attack.t1070.002]
logsource: {{product: linux, category: process_creation}}
detection:
  tool:
    CommandLine|contains: /{tool}
  condition: tool
"""
PIPELINE = """log-sources:
  - {product: linux, category: process_creation, when: {event.action: sudo_command}}
fields:
  - of: {product: linux}
    names: {CommandLine: [process.command_line]}
"""


def stamp():
    return time.strftime("%b %e %H:%M:%S", time.gmtime(time.time() + 7 * 3600))


def sudo(tool):
    return (f"<85>{stamp()} h sudo: an : TTY=pts/0 ; PWD=/home/an ; USER=root ; COMMAND=/usr/bin/{tool} /var/log\n"
            ).encode()


def findings(stack):
    return {e["record"]["rule.id"][-2:]: e["record"] for e in stack.export()
            if e["kind"] == "finding" and "rule.id" in e["record"]}


def test_rules_find_and_change_while_lines_come(stack):
    rules = stack.folder / "sigma/rules"
    (stack.folder / "sigma/pipelines").mkdir(parents=True)
    (rules / "linux").mkdir(parents=True)
    (stack.folder / "sigma/pipelines/p.yml").write_text(PIPELINE)
    (rules / "linux/shred.yml").write_text(RULE.format(number=1, tool="shred"))
    (rules / "wrong.yml").write_text("title: x\ndetection: {a: {b|nothing: c}, condition: a}\n")
    stack.settings["sigma"] = "sigma"
    listeners = Listeners(stack)
    stack.start_collector()
    stack.collector.process.wait_for(r"sigma/rules/wrong\.yml:2:")
    figures = stack.control("status")["sigma"]
    assert (figures["loaded"], figures["refused"]) == (1, 1), figures

    with listeners.connect("tcp") as tcp:
        tcp.sendall(sudo("shred") + sudo("truncate") + sudo("ls"))
        wait_until("the rule found it", lambda: findings(stack), 60)
        (rules / "linux/truncate.yml").write_text(RULE.format(number=2, tool="truncate"))
        stack.collector.process.signal(signal.SIGHUP)
        stack.collector.process.wait_for(r"collector\.reloaded .*sigma_rules=2 refused_rules=1")
        tcp.sendall(3 * sudo("truncate"))
    listeners.wait(6)
    wait_until("the new rule found it", lambda: "02" in findings(stack), 60)
    found = findings(stack)
    assert set(found) == {"01", "02"}
    assert found["01"]["rule.name"] == "Xoá nhật ký"
    assert found["01"]["threat.technique.id"] == "T1070.002"
    assert json.loads(found["01"]["message"])["events"] == 1
    rows = json.loads(stack.ctl("rules", "linux/", "--json", "--socket", stack.control_path))["rules"]
    assert [(row["state"], row["matches"]) for row in rows] == [("in-force", 0), ("in-force", 3)], rows
    [wrong] = json.loads(stack.ctl("rules", "wrong", "--json", "--socket", stack.control_path))["rules"]
    assert (wrong["state"], wrong["matches"]) == ("refused", 0) and "no such modifier" in wrong["reason"]


def backtest(stack, *words):
    done = subprocess.run([stack.program("soc-collector"), "sigma", "backtest", *words], capture_output=True, text=True)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_a_backtest_finds_in_the_store_what_came_before_the_rule(stack):
    rule = stack.folder / "rule.yml"
    rule.write_text(RULE.format(number=7, tool="shred"))
    (stack.folder / "sigma/pipelines").mkdir(parents=True)
    (stack.folder / "sigma/pipelines/p.yml").write_text(PIPELINE)
    stack.settings["sigma"] = "sigma"
    listeners = Listeners(stack)
    stack.start_collector()
    with listeners.connect("tcp") as tcp:
        tcp.sendall(3 * sudo("shred") + 2 * sudo("ls"))
    listeners.wait(5)
    settings = ["-c", stack.folder / "collector.yaml"]
    code, rows, said = backtest(stack, rule, *settings)
    assert code == 0 and "5 records, 3 matches" in said, said
    [row] = rows
    assert (row["rule"][-2:], row["agency"], row["matches"], row["hosts"]) == ("07", 2, 3, 1)
    assert row["day"] == row["first"][:10] and row["first"].endswith("+07:00") and len(row["evidence"]) == 3
    assert backtest(stack, rule, *settings, "--to", row["first"])[1] == []
    code, rows, said = backtest(stack, rule, *settings, "--from", row["last"])
    assert code == 0 and rows[0]["matches"] < 4
    rule.write_text("title: wrong\ndetection: {a: {b|nothing: c}, condition: a}\n")
    code, rows, said = backtest(stack, rule, *settings)
    assert (code, rows) == (1, []) and f"{rule}:2:17: no such modifier" in said
    assert backtest(stack, rule)[0] == 2
    assert backtest(stack, stack.folder / "none.yml", *settings)[0] == 1
