"""What expires is said before: the collector's own certificates and CRLs, and those of agents."""
import re

import oracle
from harness import wait_until
from stack import fake_time

OWN = ["server", "signer.jws", "signer.xml"]


def start(stack, days):
    """So many days from now; certificates live for 90 of them."""
    if stack.collector is not None:
        stack.collector.stop()
    stack.start_collector(env=fake_time(f"+{days}d"))
    return wait_until("all are known", lambda: states(stack) if len(states(stack)) == len(OWN) + 1 else None, 30)


def states(stack):
    return {one["name"]: one["state"] for one in stack.control("status")["certificates"]}


def warnings(stack):
    return re.findall(r"(?:certificate|crl)\.expires what=(\S+)", stack.collector.process.err)


def test_own_certificates_and_crls_are_warned_of_once_before_they_end(stack):
    stack.ctl("pki", "crl", "--days", 60)
    assert set(start(stack, 1).values()) == {"good"}
    assert warnings(stack) == []
    assert start(stack, 58.5) == {"server": "good", "signer.jws": "good", "signer.xml": "good", "crl": "soon"}
    wait_until("it is said", lambda: warnings(stack) == ["crl"])
    stack.ctl("pki", "crl", "--days", 200)
    assert start(stack, 61) == {**dict.fromkeys(OWN, "soon"), "crl": "good"}
    wait_until("it is said", lambda: sorted(warnings(stack)) == OWN)
    assert stack.counter("collector.expiry_warnings") == 3


def test_a_signer_whose_certificate_expired_signs_nothing_and_that_is_shown(stack):
    stack.ctl("pki", "crl", "--days", 200)
    stack.ctl("pki", "issue", "--collector", "long", "--dns", "localhost", "--ip", "127.0.0.1", "--days", 300)
    stack.settings["ingest"].update({"certificate": "pki/issued/collector-long.pem",
                                     "key": "pki/issued/collector-long.key"})
    stack.write_settings()
    assert start(stack, 91) == {"server": "good", "signer.jws": "expired", "signer.xml": "expired", "crl": "good"}
    stack.queue_messages("incident", 3, signed=True)
    waits = wait_until("they wait", lambda: (t := stack.topic("incident")) and t["reason"] and t, 30)
    assert "expired" in waits["reason"] and waits["sent"] == 0 and waits["waiting"] == 3, waits
    assert start(stack, 89) == {**dict.fromkeys(OWN[1:], "soon"), "server": "good", "crl": "good"}
    wait_until("they are sent", lambda: (t := stack.topic("incident")) and t["sent"] == 3, 30)


def test_agents_whose_certificates_end_soon_are_shown(stack):
    start(stack, 6)
    for host, days in ((1, 90), (2, 10)):
        stack.issue(2, host, "--days", days)
        agent = stack.wire_agent(2, host)
        agent.offer(oracle.Source(f"h{host}", 2, host).issue(1))
    stack.wait_acked()

    def shown():
        return {agent["host"]: agent["certificate"] for agent in stack.control("agents")["agents"]}

    assert shown() == {1: "good", 2: "soon"}
    assert stack.control("status")["agents_expiring"] == 1
