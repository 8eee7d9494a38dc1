"""Senders that are no agents of ours: listeners of a collector, and what was stored of who sends there."""
import socket

import harness
import oracle
import pytest
from harness import wait_until

LANE = 4  # of streams that the store numbers


def had(thing, what):
    """In CI it has to be there."""
    if thing is None:
        if harness.IN_CI:
            pytest.fail(f"{what} is not to be had here")
        pytest.skip(f"{what} is not to be had here")
    return thing


class Listeners:
    """A stack with a listener of each kind, and what was stored of its senders."""

    NAMES = ("udp", "tcp", "tls", "beats-tcp", "beats-tls", "netflow-udp", "sflow-udp")

    def __init__(self, stack, senders=None, **listeners):
        self.stack = stack
        self.certificates = harness.Certificates(stack.folder / "devices")
        self.ports = {name: harness.free_port() for name in self.NAMES}
        self.listeners = [{"name": name, **self.transport(name), "listen": f"127.0.0.1:{port}",
                           **listeners.get(name, {})} for name, port in self.ports.items()]
        self.use(senders or [self.sender("device", 2, 21, ["127.0.0.1"])])

    def transport(self, name):
        """Of "tls": its settings; "beats-tls" speaks the Beats protocol."""
        protocol, _, transport = name.rpartition("-")
        return {"transport": transport, **({"protocol": protocol} if protocol else {}),
                **(self.tls() if transport == "tls" else {})}

    def tls(self):
        return {"certificate": str(self.certificates.folder / "server.crt"),
                "key": str(self.certificates.folder / "server.key")}

    @staticmethod
    def sender(name, agency, host, addresses, **more):
        return {"name": name, "agency": agency, "host": host, "addresses": addresses, **more}

    def use(self, senders):
        self.stack.settings["ingest"]["syslog"] = {"listeners": self.listeners, "senders": senders}
        self.stack.write_settings()

    def records(self, agency=2, host=21):
        """(kind, record) in the order they are stored; every sequence has to be there once."""
        entries = [e for e in self.stack.export() if e["kind"] in ("log", "gap") and
                   (e["stream"]["agency"], e["stream"]["host"], e["stream"]["lane"]) == (agency, host, LANE)]
        at = 1
        for entry in sorted(entries, key=lambda e: e["sequence"]):
            assert entry["sequence"] == at, "a sequence is missing or twice"
            at += entry.get("count", 1)
        return [e["record"] for e in entries if e["kind"] == "log"]

    def stored(self, agency=2, host=21):
        return (self.stack.ledger(agency, host, LANE) or (0, 0))[0]

    def wait(self, count, agency=2, host=21):
        wait_until(f"{count} messages are stored", lambda: self.stored(agency, host) >= count, 60)
        records = self.records(agency, host)
        assert len(records) == count
        return records

    def connect(self, name, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.ports[name]), 20, (source, 0))

    def shown(self, name="device"):
        return next(s for s in self.stack.control("senders")["senders"] if s["name"] == name)


def counted(stack):
    """What is stored is what was counted, and what a recount counts."""
    stack.wait_derived()
    oracle.check_statistics(stack.stored(), stack.folder / "derive/derive.db")
    stack.wait_recounted()
