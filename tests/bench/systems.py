"""The systems that tests/bench/run compares: ours, rsyslog, syslog-ng; the last two into a
file and into Kafka. All take the same lines over mutual TLS with certificates of one
authority, eight connections, and all work on the same Kafka endpoint.

A system is started, loaded, waited for until every line is where it belongs, checked, and
stopped; measure() does that and says what it took.
"""
import json
import os
import re
import subprocess
import time
from pathlib import Path

import harness
from harness import Failed, can_connect, wait_until
from stack import COLLECTOR, Stack
from usage import Usage

HERE = Path(__file__).resolve().parent
# One identity has one session: eight hosts of three agencies, of two levels each.
HOSTS = ((2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (3, 4), (4, 1), (4, 2))
PROBE = (4, 3)  # says a line now and then beside them
TOPIC_PARTITIONS = 4
SAMPLE = 20000  # lines of a peer's output that are looked into


class Place:
    """Where a measurement runs: folder, programs, processes, the authority, Kafka."""

    def __init__(self, folder, build, processes, kafka):
        self.folder, self.build, self.processes, self.kafka = Path(folder), build, processes, kafka

    def program(self, name):
        return harness.find_program(name, self.build)

    def stack(self, name, settings=None):
        """A folder with authority, register and settings of ours; nothing started."""
        return Stack(self.folder / name, self.processes, self.program, settings)


class Kafka:
    """The endpoint all systems send to: the mock cluster or a real broker."""

    def __init__(self, folder, processes, program, kind):
        self.kind = kind
        if kind == "apache":
            reason = harness.fetch_kafka("4")
            if reason:
                raise Failed(f"Apache Kafka is not to be had here: {reason}")
            self.client = harness.ApacheKafka(Path(folder) / "kafka", "4")
        else:
            self.client = harness.MockKafka(processes, program("soc-mock-kafka"))
        self.process = self.client.process
        self.bootstrap = self.client.bootstrap
        self.topics = 0

    def new_topic(self):
        """A topic of four partitions that nothing was sent to yet."""
        self.topics += 1
        name = f"events-{self.topics}"
        if self.kind == "mock":
            self.client.topic(name, TOPIC_PARTITIONS)
        return name

    def count(self, topic):
        """Messages that were ever put into a topic, by the ends of its partitions."""
        asked = [word for number in range(TOPIC_PARTITIONS) for word in ("-t", f"{topic}:{number}:-1")]
        done = subprocess.run(["kcat", "-Q", "-b", self.bootstrap, *asked], capture_output=True, text=True,
                              timeout=30)
        return sum(int(end) for end in re.findall(r"offset (\d+)", done.stdout))

    def end(self):
        if self.kind == "apache":
            self.client.processes.end()


class System:
    """What is common: loading and waiting. `name` is for --only, `does` for the reader."""

    name = does = None

    def __init__(self, place):
        self.place = place

    def start_load(self, loader, corpus, events, *options):
        args = [self.place.program(loader), "--address", f"127.0.0.1:{self.stack.port}",
                "--ca", self.stack.folder / "pki/ca.pem", "--connections", len(HOSTS),
                "--lines", events, "--corpus", corpus, *options]
        for certificate, key in self.certificates:
            args += ["--cert", certificate, "--key", key]
        return self.place.processes.start(*args, name=loader)

    def load(self, loader, corpus, events, *options):
        process = self.start_load(loader, corpus, events, *options)
        if process.wait(1800) != 0:
            raise Failed(f"{loader} failed\n{process.tail()}")
        return json.loads(process.out)


class Ours(System):
    name = "ours"
    does = "normalized, classified, masked, durable, counted; national messages to Kafka"

    idle_options = ()

    segment_size = "8MiB"  # small, so that sealing is part of the measurement

    def start(self, connections=None):
        """As delivered, but that windows are published as soon as they change."""
        self.stack = self.place.stack("ours", {
            "store": {"segment-size": self.segment_size, "reserve": "1GiB"},
            "derive": {"step": "500ms", "publish": "1s", "watermark": "2m", "republish": "0s"},
            "forward": {"output": "kafka", "retry": "5s", "drain": "5s",
                        "kafka": {"brokers": self.place.kafka.bootstrap}},
        })
        self.certificates = [self.stack.issue(*host) for host in (*HOSTS, PROBE)]
        return self.stack.start_collector().process

    def send(self, corpus, events):
        return self.load("blast", corpus, events, "--probe")

    def wait_done(self, sent):
        self.stack.wait_derived(600)

    def check(self, sent):
        """Stored to the line, and every national message equal to a recount of the store."""
        records = self.stack.counter("pipeline.records")
        if records != sent["lines"]:
            raise Failed(f"{sent['lines']} lines were sent, {records} stored")
        now = time.time()
        span = [time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(at)) for at in (now - 7200, now + 3600)]

        said = ""

        def sent_and_equal():
            nonlocal said
            done = subprocess.run([self.place.program("soc-collector"), "recount", "-c",
                                   self.stack.folder / "collector.yaml", "--from", span[0], "--to", span[1]],
                                  capture_output=True, text=True, timeout=600)
            said = done.stdout + done.stderr
            return done.returncode == 0 and "; 0 of them not sent" in said

        try:
            wait_until("national messages equal a recount and are sent", sent_and_equal, 60, 1)
        except Failed as failed:
            raise Failed(f"{failed}; recount said:\n{said}") from None


class Syslog(System):
    """A receiver of syslog over TLS, with an authority of ours."""

    idle_options = ("--syslog",)

    def prepare(self):
        self.stack = self.place.stack(self.name)
        self.certificates = [self.stack.issue(*host) for host in HOSTS]
        pki = self.stack.folder / "pki"
        self.files = {"CA": pki / "ca.pem", "CERT": pki / f"issued/collector-{COLLECTOR}.pem",
                      "KEY": pki / f"issued/collector-{COLLECTOR}.key"}

    def listening(self, process):
        port = self.stack.port
        wait_until(f"{self.name} listens", lambda: can_connect(port) or not process.running(), 20)
        if not process.running():
            raise Failed(f"{self.name} ended\n{process.tail()}")
        return process

    def send(self, corpus, events):
        return self.load("syslog_blast", corpus, events)


class Floor(Syslog):
    """What no receiver of these bytes can be cheaper than."""

    name = "floor"
    does = "decrypts and throws away"

    def start(self, connections=None):
        self.prepare()
        return self.listening(self.place.processes.start(
            self.place.program("sink"), "--port", self.stack.port, "--ca", self.files["CA"],
            "--cert", self.files["CERT"], "--key", self.files["KEY"]))

    def wait_done(self, sent):
        """The loader ends when all is read."""

    def check(self, sent):
        """Nothing is kept that could be looked at."""


class Peer(Syslog):
    """A syslog server of Debian's, unpacked by fetch-peers; `kafka`: into Kafka, else a file."""

    package = None
    LIBRARIES = ("usr/lib/*-linux-gnu", "lib/*-linux-gnu")

    def __init__(self, place, root, kafka):
        super().__init__(place)
        self.root, self.kafka = Path(root), kafka
        self.name = f"{self.package}-kafka" if kafka else self.package
        self.does = "parsed to JSON, every event " + ("to Kafka" if kafka else "to a file; not durable")

    def start(self, connections=64):
        self.prepare()
        folder = self.stack.folder
        self.out = folder / "out.json"
        self.topic = self.place.kafka.new_topic() if self.kafka else None
        words = {"DIR": folder, "PORT": self.stack.port, "CONNECTIONS": connections,
                 "WINDOW": max(100 * connections, 640000), **self.files, **self.words()}
        text = (HERE / "peers" / f"{self.package}.conf").read_text()
        path = folder / "peer.conf"
        path.write_text(re.sub(r"@([A-Z]+)@", lambda word: str(words[word.group(1)]), text))
        libraries = ":".join(str(path) for pattern in self.LIBRARIES for path in self.root.glob(pattern))
        return self.listening(self.place.processes.start(
            *self.command(path), name=self.name, env={"LD_LIBRARY_PATH": libraries}))

    def wait_done(self, sent):
        if self.kafka:
            wait_until(f"{self.name}: {sent['lines']} messages are in Kafka",
                       lambda: self.place.kafka.count(self.topic) >= sent["lines"], 600, 0.1)
            return
        wait_until(f"{self.name} writes its file", self.out.exists)
        with open(self.out, "rb") as file:
            lines = 0

            def all_written():
                nonlocal lines
                while block := file.read(1 << 22):
                    lines += block.count(b"\n")
                return lines >= sent["lines"]

            wait_until(f"{self.name}: {sent['lines']} lines are in the file", all_written, 600, 0.1)

    def check(self, sent):
        """No message more than lines were sent; nearly all lines parsed into fields."""
        if self.kafka:
            messages = self.place.kafka.count(self.topic)
            if messages != sent["lines"]:
                raise Failed(f"{self.name}: {messages} messages of {sent['lines']} lines")
            return
        with open(self.out, "rb") as file:
            sample = [line for _, line in zip(range(SAMPLE), file)]
        parsed = sum(self.is_parsed(json.loads(line)) for line in sample)
        if parsed < 0.98 * len(sample):
            raise Failed(f"{self.name} parsed only {parsed} of {len(sample)} lines")


class Rsyslog(Peer):
    package = "rsyslog"

    def words(self):
        peers = ",".join(f'"agent-{agency}-{host}"' for agency, host in HOSTS)
        action = f'action(type="omfile" file="{self.out}" template="json" ioBufferSize="256k" flushOnTXEnd="on")'
        if self.kafka:
            action = (f'action(type="omkafka" broker=["{self.place.kafka.bootstrap}"] topic="{self.topic}" '
                      'partitions.auto="on" template="json" confParam=["compression.codec=lz4",'
                      '"queue.buffering.max.ms=20","queue.buffering.max.messages=200000"])')
        return {"PEERS": peers, "RULEBASE": str(HERE / "peers/lines.rulebase"), "ACTION": action,
                "MODULE": 'module(load="omkafka")' if self.kafka else ""}

    def command(self, path):
        return (self.root / "usr/sbin/rsyslogd", "-n", "-f", path, "-i", self.stack.folder / "pid",
                "-M", next(self.root.glob("usr/lib/*/rsyslog")))

    @staticmethod
    def is_parsed(event):
        return "unparsed-data" not in event["event"]


class SyslogNg(Peer):
    package = "syslog-ng"
    LIBRARIES = (*Peer.LIBRARIES, "usr/lib/syslog-ng")
    JSON = ("$(format-json ts=${ISODATE} host=${HOST} severity=int(${LEVEL_NUM}) facility=int(${FACILITY_NUM}) "
            "app=${PROGRAM} pid=${PID} msg=${MSG} --key ssh.* --key web.* --key sudo.* --key systemd.* "
            "--key netfilter.* --key app.* --key .classifier.* --key .SDATA.*)")

    def words(self):
        peers = ",".join(f'"CN=agent-{agency}-{host}"' for agency, host in HOSTS)
        destination = f'file("{self.out}" template("{self.JSON}\\n"));'
        if self.kafka:
            destination = (f'kafka-c(bootstrap-servers("{self.place.kafka.bootstrap}") topic("{self.topic}") '
                           f'message("{self.JSON}") workers(2) poll-timeout(100) '
                           'config(compression.codec("lz4") queue.buffering.max.ms("20") '
                           'queue.buffering.max.messages("200000")));')
        return {"PEERS": peers, "PATTERNS": str(HERE / "peers/patterndb.xml"), "DESTINATION": destination}

    def command(self, path):
        folder = self.stack.folder
        modules = next((self.root / "usr/lib/syslog-ng").glob("[0-9]*"))
        return (self.root / "usr/sbin/syslog-ng", "-F", "--no-caps", "-f", path, "-p", folder / "pid",
                "-R", folder / "persist", "-c", folder / "ctl", f"--module-path={modules}")

    @staticmethod
    def is_parsed(event):
        return any(key in event for key in ("ssh", "web", "sudo", "systemd", "netfilter", "app"))


def per_million(seconds, lines):
    return seconds / lines * 1e6


def measure(system, corpus, events):
    """One run from start to stop; what it took as a flat dictionary."""
    process = system.start()
    kafka = system.place.kafka.process
    try:
        used, used_kafka = Usage(process), Usage(kafka)
        begin = time.monotonic()
        sent = system.send(corpus, events)
        system.wait_done(sent)
        seconds = time.monotonic() - begin
        used.wait_quiet()
        cpu, threads, peak = used.cpu(), used.threads(), used.peak_mib()
        kafka_s = sum(used_kafka.cpu().values())
        system.check(sent)
    finally:
        process.stop(60)
        process.kill()
    lines = sent["lines"]
    return {
        "system": system.name, "corpus": corpus, "lines": lines, "line_bytes": sent["line_bytes"],
        "events_s": lines / seconds,
        "cpu_per_million": per_million(sum(cpu.values()), lines),
        "cpu_by_program": {name: per_million(value, lines) for name, value in sorted(cpu.items())},
        "cpu_by_thread": {name: per_million(value, lines) for name, value in sorted(threads.items())},
        "peak_mib": sum(peak.values()),
        "peak_mib_by_program": peak,
        **{name.replace("_us", "_ms"): value / 1000 for name, value in sent.items() if name.endswith("_us")},
        "sender_cpu_per_million": per_million(sent["cpu_s"], lines),
        "kafka_cpu_per_million": per_million(kafka_s, lines),
        "load_average": os.getloadavg()[0],
    }
