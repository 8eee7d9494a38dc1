"""From an agent's line to the store and out of it again."""
import json
import socket
import sqlite3
import subprocess
import time

import harness
import oracle
import pytest

KINDS = {b"sshd": "sshd", b"cron": "cron"}


def send(stack, agency, host, count, size=0):
    source = oracle.Source(f"a{agency}-h{host}", agency, host, size)
    agent = stack.wire_agent(agency, host)
    while source.issued < count:
        agent.offer(source.issue(min(100, count - source.issued)))
    source.owed = source.issued
    return source


def test_lines_of_several_agencies_are_stored_once_in_order_under_their_own_name(stack):
    stack.start_collector()
    sources = [send(stack, agency, host, 2000) for agency in (2, 3) for host in (1, 2)]
    stack.wait_acked()
    stored = stack.check(sources)
    assert stored.declared() == 0
    assert stored.lines["a2-h1"].owners == {(2, 1, 2, 3)}
    assert stored.lines["a3-h2"].owners == {(3, 2, 3, 1)}
    assert stack.collector.stop() == 0
    oracle.check(stack.stored(), sources)


def test_bytes_of_any_kind_come_out_as_they_went_in(stack):
    stack.start_collector()
    every = [bytes([a, b]) for a in range(256) for b in (0, 10, 13, 27, 0x80, 0xC0, 0xED, 0xFF)]
    agent = stack.wire_agent(4, 1)
    agent.offer(every)
    stack.wait_acked()
    stored = stack.stored()
    assert stored.strange == every


def test_clients_of_ipv4_are_told_apart_on_a_socket_of_both_families(stack):
    """A silent one takes the places of its own address, not those of all others."""
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
    stack.settings["ingest"].update({"listen": f"[::]:{stack.port}", "address-handshakes-max": 1,
                                     "handshake-timeout": "1m"})
    stack.write_settings()
    stack.start_collector()
    with socket.create_connection(("127.0.0.1", stack.port), source_address=("127.0.0.2", 0)):
        harness.wait_until("the silent one is there", lambda: stack.counter("ingest.connections") == 1)
        send(stack, 2, 1, 10)
        stack.wait_acked()
        assert stack.counter("ingest.handshakes_dropped") == 0
    assert stack.control("agents")["agents"][0]["address"].startswith("127.0.0.1:")


def test_export_goes_on_where_it_was_told(stack, program):
    stack.start_collector()
    sources = [send(stack, 2, 1, 300)]
    stack.wait_acked()

    def export(*more, code=0):
        done = subprocess.run([program("soc-collector"), "export", "-c", stack.folder / "collector.yaml", *more],
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == code, done.stderr
        return [json.loads(text) for text in done.stdout.splitlines()]

    entries = export()
    middle = entries[len(entries) // 2]["commit"]
    rest = export("--from", str(middle))
    assert rest == [entry for entry in entries if entry["commit"] > middle]
    assert export("--from", str(entries[-1]["commit"])) == []
    oracle.check(oracle.Stored(entries), sources)
    export("--from", "x", code=2)
    export("--store", str(stack.folder), code=2)  # both -c and --store
    done = subprocess.run([program("soc-collector"), "export", "--store", stack.folder / "nowhere"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "nowhere" in done.stderr


def test_a_gap_is_declared_and_counted(stack):
    stack.start_collector()
    source = oracle.Source("gappy", 3, 3)
    agent = stack.wire_agent(3, 3)
    agent.offer(source.issue(50))
    agent.offer_gap(7, reason=2, source=b"/var/log/gone.log")
    agent.offer(source.issue(50))
    source.owed = 100
    stack.wait_acked()
    stored = stack.check([source])
    (gap,) = stored.gaps
    assert (gap["sequence"], gap["count"], gap["reason"]) == (51, 7, "rotated")
    assert gap["source"] == "/var/log/gone.log"
    ledger = [s for s in stack.control("ledger")["streams"] if s["agency"] == 3]
    assert [(s["records"], s["declared"], s["stored"]) for s in ledger] == [(100, 7, 107)]


@pytest.mark.parametrize("spoil, words", [
    (lambda e: e.pop(5), "I1"),
    (lambda e: e.append(e[5]), "I4"),
    (lambda e: e.insert(3, e.pop(60)), "I5"),
    (lambda e: e[5]["record"].update({"event.original": "oracle spoilt|000000006|abcdefghijklmnop"}), "I3"),
    (lambda e: e[5]["stream"].update(agency=9), "I8"),
    (lambda e: e[5]["record"].update({"soc.agency": 9}), "I8"),
    (lambda e: e[5].update(sequence=200), "I7"),
    (lambda e: e[5]["record"].update({"event.original": "who am I"}), "I2"),
    (lambda e: e.append(dict(e[5], sequence=101, record=dict(
        e[5]["record"], **{"event.original": oracle.line("spoilt", 101).decode()}))), "I2"),
    (lambda e: e.append({"class": 1, "kind": "lost", "first": 1, "records": 3}), "lost"),
])
def test_the_oracle_finds_what_is_wrong(spoil, words):
    entries = [{"kind": "log", "commit": 1, "class": 1, "sequence": n,
                "stream": {"agency": 2, "host": 1, "lane": 1, "epoch": "1"},
                "record": {"soc.agency": 2, "event.original": oracle.line("spoilt", n).decode()}}
               for n in range(1, 101)]
    source = oracle.Source("spoilt", 2, 1)
    source.issued = source.owed = 100
    oracle.check(oracle.Stored(entries), [source])
    spoil(entries)
    with pytest.raises(oracle.Finding, match=words):
        oracle.check(oracle.Stored(entries), [source])


def test_status_says_what_waits_for_the_nation_and_what_could_not_be_made(stack):
    stack.start_collector()
    database = sqlite3.connect(stack.folder / "derive/derive.db", timeout=30)
    with database:
        database.execute("INSERT INTO held VALUES('statistics', '5m/2026-11-22T01:00:00Z', 1, 3, 2, 'why')")
    national = stack.control("status")["national"]
    database.close()
    assert national["waiting"] >= 0 and national["unreportable"] == 0
    assert national["held"] == [{"type": "statistics", "item": "5m/2026-11-22T01:00:00Z", "tries": 3, "reason": "why",
                                 "since": "1970-01-01T00:00:01.000Z", "retry": "1970-01-01T00:00:02.000Z"}]


def test_a_recount_by_default_looks_where_all_is_published_and_finds_what_is_too_much(stack):
    stack.settings["derive"].update({"watermark": "2m", "republish": "15m"})
    stack.write_settings()
    stack.start_collector()
    send(stack, 2, 1, 10)
    stack.wait_acked()
    stack.wait_derived()

    def recount():
        done = subprocess.run([stack.program("soc-collector"), "recount", "-c", stack.folder / "collector.yaml"],
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    status, words = recount()
    assert status == 0, words
    start = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() - 7200))
    database = sqlite3.connect(stack.folder / "derive/derive.db", timeout=30)
    with database:
        database.execute("INSERT INTO outbox(key, revision, type, schema, content_type, message_id, jws, created, "
                         "state, done, body) VALUES(?, 1, 'statistics', 's', 'c', 'm', 1, 0, 1, 0, x'7b7d')",
                         (f"H47/H47.05/statistics/1h/{start}",))
    database.close()
    status, words = recount()
    assert status == 1 and f"1h/{start}: in the outbox, and not counted again" in words


def test_a_recount_compares_findings_of_malware_with_what_was_reported(stack):
    stack.start_collector()
    agent = stack.wire_agent(2, 1)
    agent.offer([oracle.STAMP + b' host av: virus="EICAR-Test" file="/srv/eicar.com" action=found',
                 oracle.STAMP + b' host av: virus="Other" file="/srv/other" action=found'])
    stack.wait_acked()
    stack.wait_derived()
    database = sqlite3.connect(stack.folder / "derive/derive.db", timeout=30, isolation_level=None)

    def reported():
        marks = database.execute("SELECT value FROM meta WHERE name = 'malware.hit'").fetchall()
        return marks == [(2,)]

    harness.wait_until("both are reported", reported, interval=0.1)
    stack.wait_recounted()
    assert "2 findings of malware equal, 0 differ, 0 missing, 0 too many; 0 of them not reported yet" \
        in stack.recount()[1]
    # What is broken in derive.db or in the report is told.
    database.execute("UPDATE hits SET name = 'Something' WHERE row = 1")
    status, words = stack.recount()
    assert status == 1 and "finding 1 of malware (agency 2, host 1): not in the report hits/1" in words
    database.execute("UPDATE hits SET identity = zeroblob(16) WHERE row = 2")
    status, words = stack.recount()
    assert status == 1 and "1 missing, 1 too many" in words
    database.close()


def test_a_recount_says_what_is_not_kept_any_more(stack):
    stack.start_collector()
    send(stack, 2, 1, 10)
    stack.wait_acked()
    stack.wait_derived()
    stack.wait_recounted()
    database = sqlite3.connect(stack.folder / "derive/derive.db", timeout=30, isolation_level=None)
    begin = int(oracle.HAPPENED // 3600 * 3600)
    for late, status in ((1800, 0), (3600, 2)):
        database.execute("INSERT OR REPLACE INTO meta VALUES('messages-from', ?)", (begin + late,))
        done, words = stack.recount()
        assert done == status and "messages before" in words and "are not kept any more" in words
    database.execute("DELETE FROM meta WHERE name = 'messages-from'")
    database.execute("INSERT OR REPLACE INTO meta VALUES('rolled-up', ?)", (begin + 1800,))
    _, words = stack.recount()
    assert "findings of malware before" in words and "compared from there" in words
    database.close()


def test_the_status_says_how_far_statistics_are_and_what_derive_db_takes(stack):
    stack.start_collector()
    send(stack, 2, 1, 10)
    stack.wait_acked()
    stack.wait_derived()
    derive = stack.control("status")["derive"]
    assert derive["behind"] == 0
    assert derive["failure"] is None and derive["failing_since"] is None
    assert derive["bytes"] >= 4096 > derive["groups"]
    assert derive["groups_most"] > 1000
