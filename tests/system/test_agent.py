"""soc-agent itself: from a file to the store, through kills, rotation and full spools."""
import json
import random
import socket
import subprocess

import oracle
from harness import wait_until
from hostagent import Host


def stored_lines(stack, source):
    """0 also while the store is merging blocks under the reader."""
    try:
        return len(stack.stored().lines[source.name])
    except oracle.Finding:
        return 0


def wait_stored(stack, source, timeout=60.0):
    wait_until(f"{source.issued} lines of {source.name} are stored",
               lambda: stored_lines(stack, source) >= source.issued, timeout, interval=0.3)
    source.owed = source.issued


def new_source(host_number=1):
    return oracle.Source(f"file{host_number}", 2, host_number)


def test_lines_of_files_are_stored_once_and_in_order(stack):
    stack.start_collector()
    host, source = Host(stack, 2, 1), new_source()
    host.write("app.log", source.issue(3000))
    host.start()
    wait_stored(stack, source)
    host.write("app.log", source.issue(10))
    host.rotate("app.log")
    host.write("app.log", source.issue(500))
    wait_stored(stack, source)
    assert host.stop() == 0
    stored = stack.check([source])
    assert stored.states["started"] == 1 and stored.states["stopping"] == 1
    assert stored.declared() == 0


def docker(text):
    return json.dumps({"log": text, "stream": "stdout", "time": "2026-03-07T03:00:00.1Z"},
                      separators=(",", ":"), ensure_ascii=False)


def test_lines_that_belong_together_are_one_record_whenever_they_come(stack):
    """The writer pauses in the middle of each record, and the agent is killed there."""
    stack.start_collector()
    host = Host(stack, 2, 1)
    host.settings["files"]["groups"][0]["multiline"] = {"by": "auto", "wait": "60s"}
    host.write_settings()
    trace = ["2026-03-07 10:00:00,123 [main] ERROR vn.gov.App - no connection",
             "java.sql.SQLException: refused", "\tat vn.gov.App.open(App.java:12)",
             "Caused by: java.net.ConnectException: refused", "\tat vn.gov.App.dial(App.java:7)"]
    query = ["# User@Host: web[web] @ may-web [192.0.2.7]  Id: 9",
             "# Query_time: 2.100000  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 9",
             "SET timestamp=1772852400;", "SELECT ten", "FROM dan_cu;"]
    parts = [docker("a" * 16384), docker("b" * 16384), docker("c\n")]
    ends = {"app.log": "2026-03-07 10:00:01,000 [main] INFO vn.gov.App - again",
            "slow.log": "# Time: 2026-03-07T03:00:05.000000Z", "container.log": docker("next\n")}
    records = {"app.log": trace, "slow.log": query, "container.log": parts}
    for name, lines in records.items():
        host.write(name, [line.encode() for line in lines[:2]])
    host.write("auth.log", [b"Mar  7 10:00:00 may-web su: of its own"])

    def originals():
        return {e["record"]["event.original"]: e["record"] for e in stack.export()
                if e["kind"] == "log"}

    host.start()
    wait_until("what stands alone is stored", lambda: len(originals()) == 1, 60)
    host.kill()
    for name, lines in records.items():
        host.write(name, [line.encode() for line in lines[2:]])
    host.start()
    for name, line in ends.items():
        host.write(name, [line.encode()])
    wait_until("all are stored", lambda: len(originals()) >= 5, 60)
    stored = originals()
    assert set(stored) == {"Mar  7 10:00:00 may-web su: of its own", docker("next\n"),
                           *("\n".join(lines) for lines in records.values())}
    assert stored["\n".join(trace)]["log.level"] == "ERROR"
    assert stored["\n".join(query)]["source.ip"] == "192.0.2.7"
    assert stored["\n".join(parts)]["message"] == "a" * 16384 + "b" * 16384 + "c"
    assert host.stop() == 0


def test_killed_agent_and_collector_lose_and_repeat_nothing(stack):
    stack.start_collector()
    host, source = Host(stack, 2, 1, {"spool": {"segment-size": "64KiB"}}), new_source()
    chance = random.Random(20261122)
    host.write("app.log", source.issue(100))
    host.start()
    wait_stored(stack, source)
    for turn in range(12):
        for _ in range(chance.randrange(1, 6)):
            host.write("app.log", source.issue(chance.randrange(1, 400)))
        if chance.random() < 0.5:
            host.rotate("app.log")
            host.write("app.log", source.issue(chance.randrange(1, 100)))
        wait_until("the dice say so", lambda: chance.random() < 0.3, interval=0.02)
        if turn % 4 == 3:
            stack.collector.kill()
            stack.start_collector()
        host.kill()
        host.write("app.log", source.issue(chance.randrange(1, 100)))
        host.start()
    wait_stored(stack, source)
    assert host.stop() == 0
    assert stack.check([source]).declared() == 0


def test_a_small_spool_makes_files_wait_and_loses_nothing(stack):
    host, source = Host(stack, 2, 1, {"spool": {"bulk-size": "1MiB", "segment-size": "64KiB"}}), new_source()
    host.start()
    for _ in range(40):
        host.write("app.log", source.issue(5000))
    host.process.wait_for(r"spool\.full")
    host.rotate("app.log")
    host.write("app.log", source.issue(100))
    stack.start_collector()
    wait_stored(stack, source, timeout=120.0)
    host.process.wait_for(r"spool\.has_room")
    assert host.stop() == 0
    stored = stack.check([source])
    assert stored.declared() == 0
    assert stored.states["spool-full"] >= 1


def test_a_reload_takes_new_files_and_refuses_mistakes(stack):
    stack.start_collector()
    host, source = Host(stack, 2, 1), new_source()
    host.start()
    host.write("app.log", source.issue(50))
    good = host.path.read_text()
    host.write_settings(good + "nonsense: 1\n")
    host.reload()
    host.process.wait_for(r"settings\.refused.*nonsense")
    host.settings["files"]["groups"].append({"paths": [str(host.logs / "*.txt")]})
    host.write_settings()
    for _ in range(50):
        host.reload()
    host.process.wait_for(r"settings\.loaded")
    host.write("more.txt", source.issue(50))
    wait_stored(stack, source)
    assert host.stop() == 0
    stored = stack.check([source])
    assert stored.states["settings-refused"] == 1
    assert stored.states["settings-loaded"] >= 1


def test_stopping_sends_what_was_read(stack):
    stack.start_collector()
    host, source = Host(stack, 2, 1), new_source()
    host.start()
    host.process.wait_for(r"uplink\.connected")
    host.write("app.log", source.issue(20000))
    assert host.stop() == 0
    assert "acknowledged=all" in host.process.err
    source.owed = source.issued
    stack.check([source])


def test_only_one_agent_uses_a_state_folder(stack):
    host = Host(stack, 2, 1)
    host.start()
    second = subprocess.run([stack.program("soc-agent"), "run", "-c", host.path],
                            capture_output=True, text=True, timeout=30)
    assert second.returncode == 1
    assert "another agent runs here" in second.stderr
    assert host.stop() == 0


def test_check_names_the_place_of_a_mistake(stack):
    host = Host(stack, 2, 1)
    host.write_settings(host.path.read_text() + "files-too: 1\n")
    done = subprocess.run([stack.program("soc-agent"), "check", "-c", host.path],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "agent.yaml:" in done.stderr and "files-too" in done.stderr


def ask(stack, *words):
    return subprocess.run([stack.program("soc-ctl"), *map(str, words), "--socket", stack.control_path],
                          capture_output=True, text=True, check=False)


def test_orders_of_the_closed_list_reach_the_agent(stack):
    stack.start_collector()
    host = Host(stack, 2, 1)
    host.start()
    wait_until("it is connected", lambda: stack.control("status")["agents_online"] == 1)
    done = ask(stack, "order", "report", "--agency", 2, "--host", 1)
    assert done.returncode == 0, done.stderr
    wait_until("the agent says it was ordered",
               lambda: stack.stored().states["order-received"] == 1, interval=0.3)
    assert ask(stack, "order", "slow-down", "--agency", 2, "--host", 1, "--rate", 500).returncode == 0
    assert ask(stack, "order", "resend", "--agency", 2, "--host", 1).returncode == 0
    wait_until("it connected again", lambda: stack.counter("ingest.sessions_accepted") == 2)
    absent = ask(stack, "order", "scan", "--agency", 2, "--host", 9)
    assert absent.returncode == 1 and "not connected" in absent.stderr
    assert stack.counter("ingest.orders_given") == 3


def test_agents_are_shown_with_their_address_and_versions(stack):
    stack.start_collector()
    Host(stack, 2, 1).start()
    wait_until("it is connected", lambda: stack.control("status")["agents_online"] == 1)
    agent, = stack.control("agents")["agents"]
    assert agent["address"].startswith("127.0.0.1:") and agent["version"]
    table = ask(stack, "agents", "--table").stdout.splitlines()
    assert table[0].split()[:3] == ["agency", "host", "online"] and table[-1] == "1 in all"
    assert table[1].split()[:3] == ["2", "1", "yes"]


def test_the_rules_in_force_are_shown_as_soon_as_they_are(stack):
    """The first heartbeat comes before rules are compiled; nobody waits for the next one."""
    stack.settings["ingest"]["heartbeat"] = "10m"
    stack.write_settings()
    stack.start_collector()
    rules = stack.folder / "rules"
    rules.mkdir()
    (rules / "first.yar").write_text("rule first { condition: filesize == 4711 }")
    host = Host(stack, 2, 1, {"yara": {"rules": [str(rules)],
                                       "scans": [{"name": "own", "paths": [str(rules)]}]}})
    host.start()

    def shown():
        agents = stack.control("agents")["agents"]
        return agents[0]["rules"] if agents else None

    version = wait_until("the rules are shown", shown, 60, interval=0.2)
    said = host.process.wait_for(r"yara\.rules version=([0-9a-f]{16})")
    assert version == said.group(1)
    assert version in ask(stack, "agents", "--table").stdout


def test_a_crl_that_was_replaced_counts_without_a_signal(stack):
    """It revokes the collector's certificate: a connection that is open ends, and none begins."""
    stack.start_collector()
    host, source = Host(stack, 2, 1), new_source()
    own = stack.folder / "agents-crl.pem"
    own.write_bytes((stack.folder / "pki/crl.pem").read_bytes())
    host.settings["tls"]["crl"] = str(own)
    host.write_settings()
    host.start()
    host.write("app.log", source.issue(10))
    wait_stored(stack, source)
    stack.ctl("pki", "revoke", "collector-soc")
    own.write_bytes((stack.folder / "pki/crl.pem").read_bytes())
    host.process.wait_for(r"(?s)crl\.loaded.*uplink\.disconnected reason=.*revoked", 60)
    stack.ctl("pki", "issue", "--collector", "soc", "--ip", "127.0.0.1", "--force")
    stack.collector.stop()
    stack.start_collector()
    host.write("app.log", source.issue(10))
    wait_stored(stack, source)
    assert host.stop() == 0


def test_a_reload_leaves_inputs_alone_whose_settings_are_the_same(stack):
    stack.start_collector()
    path = stack.folder / "log.sock"
    host = Host(stack, 2, 1, {"syslog": {"sockets": [{"path": str(path)}]}})
    host.start()
    wait_until("it listens", path.exists)
    inode = path.stat().st_ino
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as caller:
        caller.connect(str(path))
        for turn in range(5):
            host.settings["files"]["groups"].append({"paths": [f"{host.logs}/{turn}.txt"]})
            host.write_settings()
            host.reload()
            host.process.wait_for(rf"(?s)(settings\.loaded.*){{{turn + 1}}}")
            caller.send(b"<13>app: still the same socket")  # refused when it was closed meanwhile
    assert path.stat().st_ino == inode
    wait_until("all came", lambda: sum("same socket" in line["record"].get("event.original", "")
                                       for line in stack.export() if line["kind"] == "log") == 5, interval=0.3)


def test_a_reload_cannot_move_the_state_folder(stack):
    stack.start_collector()
    host = Host(stack, 2, 1)
    host.start()
    host.settings["state"] = str(stack.folder / "elsewhere")
    host.write_settings()
    host.reload()
    host.process.wait_for(r"settings\.refused.*'state' cannot change")
