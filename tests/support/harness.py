"""What system and fault tests stand on: processes, ports, Kafka.

Nothing here outlives a test: every process gets a session of its own, dies with the
test runner, and is killed at the end of the test that started it.
"""
import ctypes
import os
import random
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IN_CI = os.environ.get("CI", "") not in ("", "0", "false")
SLOWNESS = float(os.environ.get("SOC_TEST_SLOWNESS", "1"))  # stretches every deadline

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class Failed(AssertionError):
    """A test's own failure, with what the processes wrote."""


def wait_until(what, claim, timeout=10.0, interval=0.02):
    """Waits until claim() is true and returns its value; `what` says what was awaited."""
    deadline = time.monotonic() + timeout * SLOWNESS
    while True:
        value = claim()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"not within {timeout * SLOWNESS:g} s: {what}")
        time.sleep(interval)


_ports_given = set()
_PORTS_EACH = 1000  # of each worker of pytest-xdist, from 10000 on
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def free_port():
    """A port of 127.0.0.1 that nobody listens on.

    Never one of those that outgoing connections are given, nor of those that tests running
    beside this one are, so that none is taken between here and the moment a server listens
    on it; never the same twice.
    """
    first = 10000 + _WORKER % 10 * _PORTS_EACH
    for _ in range(1000):
        port = random.randrange(first, first + _PORTS_EACH)
        if port in _ports_given:
            continue
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        _ports_given.add(port)
        return port
    raise Failed("no free port found")


def can_connect(port, host="127.0.0.1"):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex((host, port)) == 0


def _has_ended(pid, state):
    """Dead, and its files closed: a first thread is a zombie while others still hold them."""
    return state in "ZX" and len(os.listdir(f"/proc/{pid}/task")) <= 1


def _in_child():
    os.setsid()
    # SIGKILL, because a child may sit in SIGSTOP or ignore everything else.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Process:
    """A program under test; its output goes to files."""

    def __init__(self, args, folder, name, env=None, cwd=None, stdin=subprocess.DEVNULL):
        self.name = name
        self.out_path = folder / f"{name}.out"
        self.err_path = folder / f"{name}.err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.popen = subprocess.Popen(
                [str(arg) for arg in args],
                stdin=stdin,
                stdout=out,
                stderr=err,
                cwd=cwd,
                env={**os.environ, **{k: str(v) for k, v in (env or {}).items()}},
                preexec_fn=_in_child,
            )
        self.args = args

    @property
    def pid(self):
        return self.popen.pid

    @property
    def out(self):
        return self.out_path.read_text(errors="replace")

    @property
    def err(self):
        return self.err_path.read_text(errors="replace")

    def running(self):
        return self.popen.poll() is None

    def wait_for(self, pattern, timeout=10.0, stream="both"):
        """Waits until the output matches the pattern; fails when the program ends."""

        def seen():
            text = {"out": self.out, "err": self.err, "both": self.out + self.err}[stream]
            match = re.search(pattern, text, re.M)
            if match is None and not self.running():
                # What it wrote last may have come between the two looks.
                match = re.search(pattern, self.out + self.err, re.M)
                if match is None:
                    raise Failed(f"{self.name} ended with {self.popen.returncode} before it "
                                 f"printed /{pattern}/\n{self.tail()}")
            return match

        try:
            return wait_until(f"{self.name} prints /{pattern}/", seen, timeout)
        except Failed as failed:
            raise Failed(f"{failed}\n{self.tail()}") from None

    def signal(self, number):
        """To the program alone, not to its children."""
        self.popen.send_signal(number)

    def wait(self, timeout=10.0):
        try:
            return self.popen.wait(timeout * SLOWNESS)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end in {timeout * SLOWNESS:g} s\n{self.tail()}") from None

    def stop(self, timeout=15.0):
        """SIGTERM, and it has to end by itself; returns its exit code."""
        if self.running():
            self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self):
        """kill -9 of the program and all its children, as a power cut would."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()

    def members(self):
        """The living processes of its session: the program and what it started."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
                state, _, _, session = stat.rpartition(")")[2].split()[:4]
                if int(session) == self.pid and not _has_ended(entry, state):
                    found.append(int(entry))
            except OSError:
                continue
        return found

    def tail(self, lines=40):
        def last(text):
            return "\n".join("    " + line for line in text.splitlines()[-lines:])

        return f"  {self.name} stdout:\n{last(self.out)}\n  {self.name} stderr:\n{last(self.err)}"


class Processes:
    """Starts programs and leaves nothing behind."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.all = []

    def start(self, *args, name=None, **options):
        name = name or Path(str(args[0])).name
        taken = sum(p.name.split("#")[0] == name for p in self.all)
        if taken:
            name = f"{name}#{taken + 1}"
        process = Process(args, self.folder, name, **options)
        self.all.append(process)
        return process

    def run(self, *args, timeout=30.0, check=True, **options):
        """Runs to the end; fails unless it exits with 0 or check is False."""
        process = self.start(*args, **options)
        code = process.wait(timeout)
        if check and code != 0:
            raise Failed(f"{process.name} exited with {code}\n{process.tail()}")
        return process

    def end(self):
        """Kills what still runs; returns what had survived its own parent."""
        orphans = []
        for process in reversed(self.all):
            if process.running():
                process.signal(signal.SIGCONT)
                process.signal(signal.SIGTERM)
        for process in reversed(self.all):
            try:
                process.popen.wait(3)
            except subprocess.TimeoutExpired:
                pass
            ended = not process.running()
            left = process.members()
            if ended and left:
                time.sleep(0.3)  # children that are on their way out
                left = process.members()
                if left:
                    orphans.append((process.name, left))
            process.kill()
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if process.popen.stdin:
                process.popen.stdin.close()
            for left in (f"faketime_shm_{process.pid}", f"sem.faketime_sem_{process.pid}"):
                Path("/dev/shm", left).unlink(missing_ok=True)  # of libfaketime, killed
        return orphans

    def report(self):
        return "\n".join(process.tail() for process in self.all)


def find_program(name, build):
    """A program of the build; fails plainly when it was not built."""
    for folder in ("", "agent", "collector", "collector/ctl", "deploy", "tests", "tests/support", "tests/bench"):
        path = Path(build) / folder / name
        if path.is_file() and os.access(path, os.X_OK):
            return path
    raise Failed(f"{name} is not in {build}: build first, or set SOC_BUILD")


# ---- Kafka ------------------------------------------------------------------------


class Message:
    def __init__(self, topic, partition, offset, key, value, headers):
        self.topic, self.partition, self.offset = topic, partition, offset
        self.key, self.value, self.headers = key, value, headers

    def __repr__(self):
        return f"<{self.topic}[{self.partition}]@{self.offset} {self.key!r} {len(self.value)} bytes>"


class KafkaClient:
    """Reads and writes a broker with kcat."""

    def __init__(self, bootstrap, options=()):
        self.bootstrap = bootstrap
        self.options = [word for option in options for word in ("-X", option)]

    def _kcat(self, *args, stdin=None, timeout=30):
        return subprocess.run(
            ["kcat", "-b", self.bootstrap, *self.options, *args],
            input=stdin, capture_output=True, timeout=timeout * SLOWNESS,
        )

    def answers(self):
        return self._kcat("-L", "-m", "3").returncode == 0

    def topics(self):
        done = self._kcat("-L", "-m", "5")
        return re.findall(r'^  topic "([^"]+)"', done.stdout.decode(), re.M)

    def produce(self, topic, value, key=None):
        args = ["-P", "-t", topic, "-m", "10"] + (["-k", key] if key else [])
        done = self._kcat(*args, stdin=value)
        if done.returncode != 0:
            raise Failed(f"kcat could not produce: {done.stderr.decode()}")

    def consume(self, topic, from_beginning=True):
        """Every message that is in the topic now, in order within a partition."""
        done = self._kcat(
            "-C", "-t", topic, "-e", "-q", "-o", "beginning" if from_beginning else "end",
            "-f", "%p %o %K %S\\n%h\\n%k%s\\n",
        )
        if done.returncode != 0:
            raise Failed(f"kcat could not consume: {done.stderr.decode()}")
        messages, data = [], done.stdout
        while data:
            sizes, _, data = data.partition(b"\n")
            partition, offset, key_size, size = (int(word) for word in sizes.split())
            headers, _, data = data.partition(b"\n")
            key = data[:key_size].decode() if key_size >= 0 else None
            data = data[max(key_size, 0):]
            value, data = data[:max(size, 0)], data[max(size, 0) + 1:]
            messages.append(Message(topic, partition, offset, key, value, dict(
                pair.split("=", 1) for pair in headers.decode().split(",") if pair)))
        return messages


class MockKafka(KafkaClient):
    """soc-mock-kafka: librdkafka's mock cluster, with faults on command."""

    def __init__(self, processes, program, *options):
        self.process = processes.start(program, *options, stdin=subprocess.PIPE)
        found = self.process.wait_for(r"^bootstrap=(\S+)$", stream="out")
        super().__init__(found.group(1))
        self.answers_seen = 0

    def command(self, line):
        self.process.popen.stdin.write(line.encode() + b"\n")
        self.process.popen.stdin.flush()
        self.answers_seen += 1

        def answered():
            lines = re.findall(r"^(?:ok|error: .*)$", self.process.out, re.M)
            return lines[self.answers_seen - 1:]

        answer = wait_until(f"mock_kafka answers '{line}'", answered)[0]
        if answer != "ok":
            raise Failed(f"mock_kafka: {line}: {answer}")

    def down(self):
        self.command("down")

    def up(self):
        self.command("up")

    def rtt(self, ms):
        self.command(f"rtt {ms}")

    def error(self, count, code):
        """The next `count` produce requests fail with a Kafka error by name or number."""
        self.command(f"error {count} {code}")

    def topic_error(self, topic, code):
        self.command(f"topic-error {topic} {code}")

    def topic(self, name, partitions=1):
        self.command(f"topic {name} {partitions}")


def fetch_peer(name):
    """The folder a program of Debian's was unpacked into (tests/bench/fetch-peers); None: not to be had."""
    done = subprocess.run([ROOT / "tests/bench/fetch-peers", name], capture_output=True, text=True)
    return Path(done.stdout.strip().split("=", 1)[1]) if done.returncode == 0 else None


def peer_libraries(root):
    """The environment in which its programs find their libraries."""
    folders = [str(path) for pattern in ("usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib/syslog-ng")
               for path in root.glob(pattern)]
    return {"LD_LIBRARY_PATH": ":".join(folders)}


def fetch_beats_client():
    """A sender that uses the library of Beats (tests/support/beats_client); None: not to be had."""
    return fetch_go_client("beats_client")


def fetch_go_client(name):
    """A program of a folder of tests/support, compiled; None: not to be had."""
    done = subprocess.run([ROOT / "tests/support/build-go", name], capture_output=True, text=True)
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def fetch_filebeat():
    """Filebeat, compiled (tests/support/filebeat): minutes when it is not in the cache; None: not to be had."""
    done = subprocess.run([ROOT / "tests/support/filebeat/build"], capture_output=True, text=True)
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def fetch_python_package(wanted):
    """A Python that has a package of PyPI ("elasticsearch==8.19.3"), in an environment of its own; None: not to be had."""
    cache = Path(os.environ.get("SOC_PEERS_CACHE") or
                 Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "soc-collector")
    folder = cache / wanted.replace("==", "-")
    program = folder / "bin/python"
    if (folder / "complete").exists():
        return program
    for command in (["python3", "-m", "venv", "--clear", folder], [program, "-m", "pip", "-q", "install", wanted]):
        if subprocess.run(command, capture_output=True, text=True).returncode != 0:
            return None
    (folder / "complete").touch()
    return program


def fetch_node_package(wanted):
    """A folder in which Node.js finds a package of npm ("@elastic/elasticsearch@8.19.1"); None: not to be had."""
    cache = Path(os.environ.get("SOC_PEERS_CACHE") or
                 Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "soc-collector")
    folder = cache / re.sub(r"[/@]+", "-", wanted).strip("-")
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix",
                               folder, wanted], capture_output=True, text=True)
        if done.returncode != 0:
            return None
        (folder / "complete").touch()
    return folder


class Certificates:
    """A small authority for TLS with others (Kafka, syslog senders), made with openssl."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-days", "2", "-subj", "/CN=test authority",
                      "-keyout", "ca.key", "-out", "ca.crt")
        self.ca = self.folder / "ca.crt"
        for name in ("server", "client"):
            self.issue(name)

    def _openssl(self, *args):
        done = subprocess.run(["openssl", *args], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"openssl {args[0]}: {done.stderr}")

    def issue(self, name, names="IP:127.0.0.1,DNS:localhost"):
        """Makes NAME.key and NAME.crt, good for 127.0.0.1 and localhost or for other names."""
        (self.folder / "san").write_text(f"subjectAltName={names}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                      "-CAcreateserial", "-days", "2", "-extfile", "san", "-out", f"{name}.crt")
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def revoke(self, *names):
        """Makes ca.crl, in which these are, and those that were in it before."""
        (self.folder / "ca.conf").write_text("[ca]\ndefault_ca=own\n[own]\ndatabase=issued\ndefault_md=sha256\n")
        (self.folder / "issued").touch()
        options = ("-config", "ca.conf", "-cert", "ca.crt", "-keyfile", "ca.key")
        for name in names:
            self._openssl("ca", *options, "-revoke", f"{name}.crt")
        self._openssl("ca", *options, "-gencrl", "-crldays", "2", "-out", "ca.crl")
        return self.folder / "ca.crl"

    def kafka_options(self, name="client"):
        """librdkafka's settings for mutual TLS as NAME; None: without a certificate."""
        options = ["security.protocol=ssl", f"ssl.ca.location={self.ca}"]
        if name:
            options += [f"ssl.certificate.location={self.folder / name}.crt",
                        f"ssl.key.location={self.folder / name}.key"]
        return options


class ApacheKafka(KafkaClient):
    """A real broker from deploy/kafka/start, with PLAINTEXT, TLS and SASL listeners."""

    USER, PASSWORD = "soc", "soc-test"

    def __init__(self, folder, version, *options):
        self.folder, self.version, self.options = Path(folder), version, options
        self.certificates = Certificates(self.folder / "tls")
        self.processes = Processes(self.folder)
        self.process = None
        self.start()

    def start(self):
        """Starts it, or starts it again with the same data and ports."""
        self.process = self.processes.start(
            ROOT / "deploy/kafka/start", "--version", self.version, "--dir", self.folder / "broker",
            "--tls", self.certificates.folder, "--sasl", f"{self.USER}:{self.PASSWORD}",
            *self.options, name="kafka")
        self.process.wait_for(r"^ready=yes$", timeout=120, stream="out")
        self.listeners = dict(line.split("=", 1) for line in self.process.out.splitlines())
        super().__init__(self.listeners["bootstrap"])

    def stop(self):
        code = self.process.stop(40)
        if code != 0:
            raise Failed(f"Kafka ended with {code}\n{self.process.tail()}")

    def kill(self):
        self.process.kill()
        wait_until("the broker is gone", lambda: not self.process.members(), 10)

    def over_tls(self, name="client"):
        return KafkaClient(self.listeners["bootstrap_tls"], self.certificates.kafka_options(name))

    def over_sasl(self, mechanism="PLAIN", password=PASSWORD):
        return KafkaClient(self.listeners["bootstrap_sasl"], [
            "security.protocol=sasl_ssl", f"ssl.ca.location={self.certificates.ca}",
            f"sasl.mechanism={mechanism}", f"sasl.username={self.USER}",
            f"sasl.password={password}"])


def fetch_kafka(version):
    """Brings a broker into the cache; returns None, or why it cannot be had."""
    done = subprocess.run([ROOT / "deploy/kafka/fetch", version],
                          capture_output=True, text=True, timeout=600)
    if done.returncode == 0:
        return None
    # Maven colours its words, which a report in XML cannot hold.
    return re.sub(r"\x1b\[[0-9;]*m|[^\n\t -~]", "", done.stderr).strip()
