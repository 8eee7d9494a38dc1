"""A whole system in a folder: authority, register, collector, agents.

    stack = Stack(tmp_path, processes, program)
    collector = stack.start_collector()
    agent = stack.wire_agent(3, 7)         # speaks the protocol from the test itself
    stack.control("status")                # what soc-ctl would be told
    oracle.check(stack.stored(), sources)
"""
import atexit
import glob
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

import agentwire
import oracle
from harness import ROOT, Failed, free_port, wait_until

COLLECTOR = "soc"
PATIENCE_S = 90.0  # for what has to come, on a busy machine too; only a failure waits so long


def yaml(value, indent=0):
    """Settings as YAML; JSON scalars are YAML scalars."""
    pad = "  " * indent
    out = ""
    for key, item in value.items():
        if isinstance(item, dict):
            out += f"{pad}{key}:\n{yaml(item, indent + 1)}"
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            out += f"{pad}{key}:\n"
            for one in item:
                inner = yaml(one, indent + 2)
                out += f"{pad}  - {inner.lstrip()}"
        elif isinstance(item, (list, str)):
            out += f"{pad}{key}: {json.dumps(item, ensure_ascii=False)}\n"
        else:
            out += f"{pad}{key}: {json.dumps(item)}\n"
    return out


def merge(base, more):
    out = dict(base)
    for key, item in (more or {}).items():
        out[key] = merge(out[key], item) if isinstance(item, dict) and key in out else item
    return out


def fake_time(at):
    """The environment in which the wall clock shows another time; monotonic time is true."""
    (library, *_) = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    return {"LD_PRELOAD": library, "FAKETIME": at, "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_CACHE": "1"}


def faster_time(times):
    """The environment in which all clocks and waits run so many times as fast."""
    return {**fake_time(f"+0 x{times}"), "DONT_FAKE_MONOTONIC": "0"}


class Clock:
    """A wall clock that a test sets while programs run; monotonic time is true."""

    def __init__(self, folder):
        self.file = Path(folder) / "clock"
        self.offset_s = 0
        self.set(0)
        self.env = {**fake_time("+0"), "FAKETIME_TIMESTAMP_FILE": self.file}
        del self.env["FAKETIME"]

    def set(self, offset_s):
        """So many seconds from the true time."""
        self.offset_s = offset_s
        (new := self.file.with_suffix(".new")).write_text(f"{offset_s:+d}\n")
        new.rename(self.file)

    def now(self):
        return time.time() + self.offset_s


class Collector:
    """A running soc-collector: its supervisor and its roles."""

    def __init__(self, process):
        self.process = process

    def role(self, name):
        """The process id of the role as it runs now."""
        pids = re.findall(rf"supervise\.started role={name} pid=(\d+)", self.process.err)
        return int(pids[-1]) if pids else None

    def wait_ready(self, timeout=PATIENCE_S):
        return self.process.wait_for(r"collector\.listening", timeout)

    def listening(self):
        return len(re.findall(r"collector\.listening", self.process.err))

    def memory_kib(self, role="ingest", what="VmHWM"):
        """Resident memory of a role, the most it ever was."""
        status = Path(f"/proc/{self.role(role)}/status").read_text()
        return int(re.search(rf"^{what}:\s+(\d+)", status, re.M).group(1))

    def kill_role(self, name):
        try:
            os.kill(self.role(name), signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has just died by itself or by the round before

    def kill(self):
        """The supervisor with all roles, at once."""
        self.process.kill()
        self.wait_gone()

    def kill_supervisor(self):
        """It alone; its roles have to follow it by themselves."""
        self.process.signal(signal.SIGKILL)
        self.process.wait()
        self.wait_gone()

    def wait_gone(self):
        wait_until("no role outlives its supervisor", lambda: not self.process.members())

    def stop(self, timeout=30.0):
        return self.process.stop(timeout)


class Agent:
    """A running soc-agent, its settings and its state folder."""

    def __init__(self, stack, agency, host, settings=None):
        self.stack, self.agency, self.host = stack, agency, host
        self.folder = stack.folder / f"agent-{agency}-{host}"
        self.logs = self.folder / "logs"
        self.logs.mkdir(parents=True)
        self.state = self.folder / "state"
        self.path = self.folder / "agent.yaml"
        certificate, key = stack.issue(agency, host)
        self.settings = merge({
            "log-level": "info",
            "state": str(self.state),
            "drain-timeout": "3s",
            "uplink": {"collector": [f"127.0.0.1:{stack.port}"], "name": COLLECTOR,
                       "retry-first": "20ms", "retry-most": "200ms"},
            "tls": {"ca": str(stack.folder / "pki/ca.pem"), "crl": str(stack.folder / "pki/crl.pem"),
                    "certificate": certificate, "key": key},
            "spool": {"bulk-size": "64MiB", "segment-size": "64KiB"},
            "files": {"poll": "500ms", "groups": [{"paths": [f"{self.logs}/*.log"], "rotated": "100ms", "unfinished": "2s"}]},
        }, settings)
        self.write_settings()
        self.process = None

    def write_settings(self):
        self.path.write_text(yaml(self.settings))

    def start(self, env=None, wait=True):
        self.process = self.stack.processes.start(
            self.stack.program("soc-agent"), "run", "-c", self.path, name=f"agent-{self.agency}-{self.host}",
            env=env)
        if wait:
            self.process.wait_for(r"agent\.started|uplink\.", PATIENCE_S)
        return self

    def kill(self):
        self.process.kill()

    def stop(self):
        return self.process.stop(20)


class Stack:
    AGENCIES = (2, 3, 4)

    def __init__(self, folder, processes, program, settings=None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.processes, self.program = processes, program
        self.port = free_port()
        self.control_path = self.folder / "c.sock"
        self.collector = None
        self.agents = []
        self.make_pki()
        self.write_register()
        self.settings = merge({
            "log-level": "info",
            "agencies": "agencies.yaml",
            "national": str(ROOT / "configs/national"),
            "masking": str(ROOT / "configs/masking.yaml"),
            "enrich": str(ROOT / "configs/enrich.yaml"),
            "control": str(self.control_path),
            "presence": "1h",
            "ingest": {
                "listen": f"127.0.0.1:{self.port}",
                "workers": 2,
                "ca": "pki/ca.pem",
                "crl": "pki/crl.pem",
                "certificate": f"pki/issued/collector-{COLLECTOR}.pem",
                "key": f"pki/issued/collector-{COLLECTOR}.key",
            },
            "store": {"dir": "store", "reserve": "1MiB", "segment-size": "1MiB", "warn-percent": 100},
            "masking": str(ROOT / "configs/masking.yaml"),
            "derive": {"dir": "derive", "step": "100ms", "publish": "100ms", "watermark": "0s",
                       "republish": "0s"},
            "forward": {"output": "file", "retry": "500ms", "drain": "1s", "file": {"dir": "out"}},
            "signer": {
                "jws": {"key": "pki/issued/signer-jws.key", "certificate": "pki/issued/signer-jws.pem"},
                "xml": {"key": "pki/issued/signer-xml.key", "certificate": "pki/issued/signer-xml.pem"},
            },
        }, settings)
        self.write_settings()

    # ---- files --------------------------------------------------------------------

    def ctl(self, *args, at=None):
        """soc-ctl in the stack's folder; `at` is when, as libfaketime says it ("-100d")."""
        done = subprocess.run([self.program("soc-ctl"), *map(str, args)], cwd=self.folder,
                              env={**os.environ, **fake_time(at)} if at else None,
                              capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise Failed(f"soc-ctl {args}: {done.stdout}{done.stderr}")
        return done.stdout

    _authority = None  # made once a run, because RSA keys take their time

    def make_pki(self):
        if Stack._authority is None or not Stack._authority.exists():  # /tmp may be swept
            Stack._authority = Path(tempfile.mkdtemp(prefix="soc-test-pki-"))
            atexit.register(shutil.rmtree, Stack._authority, ignore_errors=True)
            self.make_authority()
            shutil.copytree(self.folder / "pki", Stack._authority / "pki")
        else:
            shutil.copytree(Stack._authority / "pki", self.folder / "pki")

    def make_authority(self):
        self.ctl("pki", "init", "--name", "test CA", "--days", 7000, at="-200d")
        self.ctl("pki", "crl")
        self.ctl("pki", "issue", "--collector", COLLECTOR, "--dns", "localhost", "--ip", "127.0.0.1")
        self.ctl("pki", "issue", "--signer", "jws")
        self.ctl("pki", "issue", "--signer", "xml", "--key", "rsa3072")

    def issue(self, agency, host, *options):
        """The certificate and the key of an agent, made when they are not there."""
        base = self.folder / "pki" / "issued" / f"agent-{agency}-{host}"
        if not base.with_name(base.name + ".pem").exists():
            self.ctl("pki", "issue", "--agency", agency, "--host", host, *options)
        return f"{base}.pem", f"{base}.key"

    def write_register(self):
        """Agencies of two systems each: odd hosts at level 3, even ones at level 1."""
        agencies = [{
            "number": number,
            "attributes": [{"from": "2021-01-01", "identifier": f"H47.{number:02}", "name": f"Sở {number}"}],
            "systems": [{"number": 1, "name": "Cổng", "level": 3}, {"number": 2, "name": "Máy", "level": 1}],
            "default-system": 2,
            "hosts": [{"number": host, "system": 1, "name": f"h{host}"} for host in (1, 3, 5, 7)],
        } for number in self.AGENCIES]
        register = {"province": {"code": "H47", "name": "Tỉnh thử", "utc-offset": "+07:00"}, "agencies": agencies}
        (self.folder / "agencies.yaml").write_text(yaml(register))

    def write_settings(self):
        (self.folder / "collector.yaml").write_text(yaml(self.settings))

    # ---- collector ----------------------------------------------------------------

    def start_collector(self, env=None, prefix=(), wait=True):
        process = self.processes.start(*prefix, self.program("soc-collector"), "run", "-c",
                                       self.folder / "collector.yaml", name="collector", env=env)
        self.collector = Collector(process)
        if wait:
            self.collector.wait_ready()
        return self.collector

    def control(self, word, timeout=10.0):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(timeout)
            sock.connect(str(self.control_path))
            sock.sendall(word.encode() + b"\n")
            answer = b""
            while data := sock.recv(1 << 16):
                answer += data
        return json.loads(answer)

    def counter(self, name):
        return self.control("status")["counters"].get(name, 0)

    def stored(self):
        return oracle.read_store(self.program("soc-collector"), "-c", self.folder / "collector.yaml")

    def export(self):
        """Every line of `soc-collector export`, as objects."""
        done = subprocess.run([self.program("soc-collector"), "export", "-c", self.folder / "collector.yaml"],
                              capture_output=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def wait_derived(self, timeout=PATIENCE_S):
        """Until everything stored has been counted, what that made stored and counted too."""

        def settled():
            status = self.control("status")
            return status["derived"] == status["store"]["position"]

        wait_until("everything stored is counted", settled, timeout, interval=0.1)

    def check(self, sources, **options):
        """The whole oracle; the agents have to be silent. Returns what is stored."""
        self.wait_derived()
        before = self.control("status")["store"]["position"]
        stored = self.stored()
        oracle.check(stored, sources, **options)
        if self.control("status")["store"]["position"] != before:
            return self.check(sources, **options)  # the collector's own notes came between
        oracle.check_statistics(stored, self.folder / "derive/derive.db")
        self.wait_recounted()
        return stored

    def recount(self, happened=oracle.HAPPENED):
        """`soc-collector recount` of the hour the oracle's lines are of: status, words."""
        begin = int(happened // 3600 * 3600)
        span = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for at in (begin, begin + 3600)]
        done = subprocess.run([self.program("soc-collector"), "recount", "-c", self.folder / "collector.yaml",
                               "--from", span[0], "--to", span[1]],
                              capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def wait_recounted(self, sent=False, timeout=PATIENCE_S, happened=oracle.HAPPENED):
        """Until the newest messages say what a recount of the store says (and are delivered)."""
        status, words = None, ""

        def equal():
            nonlocal status, words
            status, words = self.recount(happened)
            return status == 0 and (not sent or "; 0 of them not sent" in words)

        try:
            wait_until("messages equal a recount", equal, timeout, interval=0.2)
        except Failed as failed:
            raise Failed(f"{failed}; recount ended with {status}:\n{words}") from None

    def wait_missed(self):
        """Until a recount tells that the nation has not what the store says."""
        wait_until("a recount tells it", lambda: self.recount()[0] == 1, PATIENCE_S, interval=0.2)

    def topic(self, kind):
        """What the status says of the topic of a type of message; None when it is not known yet."""
        return next((t for t in self.control("status")["national"]["topics"] if t["type"] == kind), None)

    def queue_messages(self, kind, count, signed=False):
        """Puts as many messages into the outbox, numbered by their keys, as derive would."""
        database = sqlite3.connect(self.folder / "derive/derive.db", timeout=30)
        with database:
            database.executemany(
                "INSERT INTO outbox(key, revision, type, schema, content_type, message_id, jws, created,"
                " state, done, body) VALUES(?, 1, ?, 's', 'text/plain', ?, ?, 1, 0, 0, ?)",
                [(f"{kind}/{n}", kind, f"{kind}-{n}", int(signed), b"body %d" % n) for n in range(count)])
        database.close()
        return [f"{kind}/{n}" for n in range(count)]

    def ledger(self, agency, host, lane=agentwire.BULK):
        """(stored, declared) sequences of an agent's lane over all its epochs; None: no answer."""
        try:
            streams = self.control("ledger")["streams"]
        except (OSError, ValueError):
            return None
        mine = [s for s in streams if (s["agency"], s["host"], s["lane"]) == (agency, host, lane)]
        return sum(s["records"] for s in mine), sum(s["declared"] for s in mine)

    def wait_stored(self, source, timeout=PATIENCE_S):
        """Until the newest line of a source is stored, and so is or was declared what stood before it.

        The ledger alone does not tell: what an agent says about itself is in the same lane.
        """
        wait_until(f"{source.issued} lines of {source.name} are stored or declared",
                   lambda: sum(self.ledger(source.agency, source.host) or (0,)) >= source.issued, timeout)
        wait_until(f"line {source.issued} of {source.name} is stored", lambda: oracle.read_newest(
            self.program("soc-collector"), self.folder / "collector.yaml", source) >= source.issued, timeout, 0.1)

    # ---- agents -------------------------------------------------------------------

    def tls(self, agency, host):
        return agentwire.tls_context(self.folder / "pki" / "ca.pem", *self.issue(agency, host))

    def wire_agent(self, agency, host, port=None, start=True, **options):
        agent = agentwire.Agent(port or self.port, self.tls(agency, host), **options)
        self.agents.append(agent)
        if start:
            agent.start()
        return agent

    def agent(self, agency, host, settings=None):
        """A soc-agent that reads LOGS/*.log; not started."""
        return Agent(self, agency, host, settings)

    def wait_acked(self, agents=None, timeout=PATIENCE_S):
        """Until everything offered is acknowledged; what broke a promise ends it."""
        agents = self.agents if agents is None else agents

        def done():
            for agent in agents:
                if agent.broken:
                    raise Failed("; ".join(agent.broken))
            return not any(agent.waiting() for agent in agents)

        wait_until("every entry is acknowledged", done, timeout)

    def end(self):
        for agent in self.agents:
            agent.stop()
        broken = [words for agent in self.agents for words in agent.broken]
        if broken:
            raise Failed("; ".join(broken))
