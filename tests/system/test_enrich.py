"""What is added to records, and its files replaced while records come."""
import json
import os
import signal
import subprocess

import mmdb_writer
from harness import wait_until

LINE = b'%s - - [01/Nov/2026:00:00:00 +0000] "GET /%d HTTP/1.1" 200 12 "-" "curl/8.1"'
CLIENTS = [b"8.8.8.8", b"10.47.5.9", b"1.52.3.4", b"2001:db8:47::1"]


class Enrichment:
    """enrich.yaml and what it names, in the folder of a stack; `put` replaces by renaming."""

    def __init__(self, stack):
        self.stack = stack
        stack.settings["enrich"] = "enrich.yaml"
        stack.write_settings()
        self.put("vn.txt", b"1.52.0.0/14\n2001:ee0::/32\n")
        self.put_plan(1)
        self.put_database("US")
        self.put("enrich.yaml", json.dumps({
            "network-plan": "plan.yaml", "vietnam-ranges": ["vn.txt"], "geo-databases": ["geo.mmdb"],
            "public-suffixes": ""}).encode())

    def path(self, name):
        return self.stack.folder / name

    def put(self, name, content):
        self.path(name + ".new").write_bytes(content)
        os.rename(self.path(name + ".new"), self.path(name))

    def put_plan(self, number):
        """As many prefixes as the plan's number, so that the status tells which one holds."""
        more = [{"prefixes": [f"192.0.2.{n}/32"]} for n in range(number - 1)]
        plan = {"networks": [{"prefixes": ["10.47.0.0/16"], "zone": f"zone-{number}", "agency": 2}] + more}
        self.put("plan.yaml", json.dumps(plan).encode())

    def put_database(self, country):
        mmdb_writer.write(self.path("geo.new"), {"8.8.8.0/24": {
            "country": {"iso_code": country}, "autonomous_system_number": 15169}}, type=f"Test-{country}")
        os.rename(self.path("geo.new"), self.path("geo.mmdb"))

    def shown(self, what):
        return next(f for f in self.stack.control("status")["enrichment"] if f["what"] == what)

    def reload(self):
        self.stack.collector.process.signal(signal.SIGHUP)

    def wait_holds(self, what, text):
        wait_until(f"{what} holds {text}", lambda: self.shown(what)["holds"] == text)


def test_files_are_replaced_while_records_come_and_broken_ones_are_not_taken(stack):
    enrichment = Enrichment(stack)
    stack.start_collector()
    agent = stack.wire_agent(2, 1)
    issued = 0

    def offer():
        nonlocal issued
        agent.offer([LINE % (CLIENTS[n % 4], n) for n in range(issued, issued + 1000)])
        issued += 1000

    offer()
    stack.wait_acked()
    for number in range(2, 6):
        offer()
        enrichment.put_plan(number)
        enrichment.put_database("US" if number < 4 else "SG")
        enrichment.reload()
        offer()
        enrichment.wait_holds("network-plan", f"{number} prefixes")
        offer()

    # Overwritten in place, as it should not be: a program that maps the file ends here.
    with open(enrichment.path("geo.mmdb"), "wb") as geo:
        geo.write(b"not a database")
    enrichment.put_plan(7)
    enrichment.reload()
    stack.collector.process.wait_for(r"geo\.mmdb: no MaxMind DB", 30)
    stack.collector.process.wait_for(r"supervise\.reload_refused", 30)
    offer()
    stack.wait_acked()
    assert enrichment.shown("network-plan")["holds"] == "5 prefixes"
    assert enrichment.shown("network-plan")["state"] == "changed-since-loaded"
    assert enrichment.shown("geo-database")["state"] == "changed-since-loaded"
    assert enrichment.shown("geo-database")["holds"] == "Test-SG"
    assert enrichment.shown("vietnam-ranges")["state"] == "loaded"

    records = [e["record"] for e in stack.export() if e["kind"] == "log"]
    assert [int(r["url.path"][1:]) for r in records] == list(range(issued))
    by_client = [records[n::4] for n in range(4)]
    assert {r["soc.source.origin"] for r in by_client[0]} == {"foreign"}
    assert {r["soc.source.origin"] for r in by_client[1]} == {"internal"}
    assert {r["soc.source.origin"] for r in by_client[2]} == {"vn"}
    assert {r["soc.source.origin"] for r in by_client[3]} == {"reserved"}
    zones = [r["soc.source.zone"] for r in by_client[1]]
    assert zones == sorted(zones) and {zones[0], zones[-1]} == {"zone-1", "zone-5"}
    countries = [r["source.geo.country_iso_code"] for r in by_client[0]]
    assert countries == sorted(countries, reverse=True) and {countries[0], countries[-1]} == {"US", "SG"}
    assert {(r["source.as.number"], r["user_agent.name"], r["soc.user_agent.class"])
            for r in by_client[0]} == {(15169, "curl", "tool")}


def test_commands_take_the_same_files_and_say_what_is_wrong_with_them(stack, program):
    enrichment = Enrichment(stack)
    command = [program("soc-collector"), "normalize", "--enrich", enrichment.path("enrich.yaml")]
    done = subprocess.run(command, input=LINE % (b"1.52.3.4", 1), capture_output=True, check=True)
    assert json.loads(done.stdout)["soc.source.origin"] == "vn"

    enrichment.put("plan.yaml", b"networks:\n  - prefixes: [10.0.0.0/8, 10.0.0.0/8]\n  - prefixes: [10.1.0.0/16]\n"
                                b"    agency: 999\n")
    enrichment.put("geo.mmdb", b"")
    check = [program("soc-collector"), "check", "-c", stack.folder / "collector.yaml"]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"{enrichment.path('plan.yaml')}:2:28: '10.0.0.0/8' stands on line 2 already\n" in done.stderr
    assert f"{enrichment.path('plan.yaml')}:4:13: there is no agency 999 in the register\n" in done.stderr
    assert f"{enrichment.path('geo.mmdb')}: no MaxMind DB" in done.stderr
    assert subprocess.run(command, input=b"x\n", capture_output=True).returncode == 1
