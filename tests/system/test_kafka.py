"""The main job on Apache Kafka itself: agents' lines become messages that a receiver verifies."""
import json
import re
import subprocess
import threading
import time

import oracle
import pytest
from harness import wait_until
from receiver import Receiver

pytestmark = pytest.mark.slow

PROVINCE = "H47"
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
RULES = 'rule Eicar_Test : test { strings: $a = "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*" condition: $a }\n'
QUICK = ["reconnect.backoff.max.ms=500"]  # a broker that is back is found soon
HOUR = (oracle.HAPPENED // 3600 * 3600, oracle.HAPPENED // 3600 * 3600 + 3600)

_topics = iter(range(1000))


def library_release():
    """Of librdkafka, as its package has it: (2, 0, 2)."""
    done = subprocess.run(["pkg-config", "--modversion", "rdkafka"], capture_output=True, text=True, check=True)
    return tuple(int(number) for number in re.findall(r"\d+", done.stdout)[:3])


SCRAM_WORKS = library_release() >= (2, 6, 1)


class Line:
    """A whole line of the system, publishing to topics of its own on a broker that others use too."""

    def __init__(self, stack, broker, settings):
        self.stack = stack
        prefix = f"soc-{next(_topics)}."
        self.topics = [f"{prefix}{PROVINCE}.{kind}.v1" for kind in ("statistics", "malware")]
        stack.settings["forward"].update({"output": "kafka", "topic-prefix": prefix,
                                          "kafka": {"delivery-timeout": "10s", "properties": QUICK, **settings}})
        stack.write_settings()
        stack.start_collector()
        self.receiver = Receiver(broker, stack.folder / "pki/ca.pem", stack.folder / "received")
        self.sources = []

    def wire_work(self, count=100, agency=2):
        """Lines of an agent that the test plays itself, acknowledged."""
        source = oracle.Source(f"wire{len(self.sources)}", agency, 2)
        agent = self.stack.wire_agent(agency, 2)
        agent.offer(source.issue(count))
        self.stack.wait_acked([agent])
        agent.stop()
        source.owed = count
        self.sources.append(source)

    def check_sent(self, timeout=60):
        """Everything is sent; what was received says what the store says, to the unit."""
        self.stack.wait_derived()
        self.stack.wait_recounted(sent=True, timeout=timeout)
        self.receiver.receive(*self.topics)
        self.receiver.check_details()
        assert self.receiver.counted("1h", HOUR) == self.receiver.counted("5m", HOUR) == self.expected()
        return self.receiver

    def expected(self):
        """The same counts from the export of the store, made here."""
        done = subprocess.run([self.stack.program("soc-collector"), "export", "-c",
                               self.stack.folder / "collector.yaml"], capture_output=True, text=True, timeout=60)
        counts = {}
        for entry in map(json.loads, done.stdout.splitlines()):
            record = entry.get("record", {})
            if "soc.agency" not in record or not HOUR[0] <= at(record["@timestamp"]) < HOUR[1]:
                continue
            names = ["records"] if entry["kind"] in ("log", "hit") else []
            if record.get("soc.class", "none") != "none":
                names.append("findings" if entry["kind"] == "finding" else "events")
            if entry["kind"] == "hit":
                names.append("hits")
            for name in names:
                key = f"{PROVINCE}.{record['soc.agency']:02}", name
                counts[key] = counts.get(key, 0) + 1
        return counts


def at(stamp):
    return time.mktime(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone


def brute_force(count):
    return [b"%s web sshd[%d]: Failed password for root from 203.0.113.9 port %d ssh2"
            % (oracle.STAMP, 100 + n, 4000 + n) for n in range(count)]


def tls_settings(broker):
    return {"brokers": broker.listeners["bootstrap_tls"], "security": "ssl", **certificates(broker)}


def certificates(broker):
    folder = broker.certificates.folder
    return {"ca": str(folder / "ca.crt"), "certificate": str(folder / "client.crt"), "key": str(folder / "client.key")}


def sasl_settings(broker, folder, mechanism, password=None):
    secret = folder / "kafka-password"
    secret.write_text((password or broker.PASSWORD) + "\n")
    secret.chmod(0o600)
    return {"brokers": broker.listeners["bootstrap_sasl"], "security": "sasl-ssl",
            "ca": str(broker.certificates.ca), "sasl-mechanism": mechanism,
            "sasl-user": broker.USER, "sasl-password-file": str(secret)}


def test_from_a_log_line_to_a_verified_message(stack, apache_kafka):
    """Two agents of two agencies; one is attacked and has a file with malware in it."""
    line = Line(stack, apache_kafka, tls_settings(apache_kafka))
    upload = stack.folder / "upload"
    upload.mkdir()
    (upload / "invoice.doc").write_text(EICAR)
    (stack.folder / "rules.yar").write_text(RULES)
    scan = {"yara": {"rules": [str(stack.folder / "rules.yar")],
                     "scans": [{"name": "uploads", "paths": [str(upload)], "every": "1h", "jitter": "0s"}]}}
    agents = [stack.agent(2, 1, scan), stack.agent(3, 1)]
    for agency, agent in zip((2, 3), agents):
        source = oracle.Source(f"log{agency}", agency, 1)
        lines = source.issue(700) + (brute_force(25) if agency == 2 else [])
        (agent.logs / "app.log").write_bytes(b"".join(one + b"\n" for one in lines))
        agent.start()
        stack.wait_stored(source)
    # A hit's window is the present one, which is not complete; the report goes at once.
    wait_until("the malware report arrives", lambda: any(
        "Eicar_Test" in report for report in line.receiver.receive(line.topics[1]).reports.values()), 60, 0.5)
    receiver = line.check_sent()
    assert receiver.counted("1h", HOUR)["H47.02", "records"] == 725
    assert receiver.counted("1h", HOUR)["H47.03", "records"] == 700
    assert receiver.counted("1h", HOUR)["H47.02", "findings"] == 1
    assert receiver.counted("1h", HOUR)["H47.02", "events"] >= 25
    (report,) = [text for text in receiver.reports.values() if "Eicar_Test" in text]
    assert "<NumberFile>1</NumberFile>" in report


@pytest.mark.parametrize("how", ["plaintext", "PLAIN", "SCRAM-SHA-512"])
def test_every_way_to_sign_on(stack, apache_kafka, how):
    if how == "plaintext":
        settings = {"brokers": apache_kafka.listeners["bootstrap"]}
    else:
        settings = sasl_settings(apache_kafka, stack.folder, how)
    if how.startswith("SCRAM") and apache_kafka.version == "4" and not SCRAM_WORKS:
        pytest.skip("this librdkafka cannot; the next test is about that")
    line = Line(stack, apache_kafka, settings)
    line.wire_work()
    line.check_sent()


def test_what_the_library_cannot_do_is_said_at_start(stack, apache_kafka):
    """SCRAM of librdkafka before 2.6.1 and Kafka 4: nothing is lost, and PLAIN sends what waits."""
    line = Line(stack, apache_kafka, sasl_settings(apache_kafka, stack.folder, "SCRAM-SHA-512"))
    warned = re.search(r"kafka\.library_fault librdkafka=(\S+).*Kafka 4.*cure=.*2\.6\.1.*PLAIN", stack.collector.process.err)
    assert (warned is None) == SCRAM_WORKS
    line.wire_work()
    if apache_kafka.version == "4" and not SCRAM_WORKS:
        stack.collector.process.wait_for(r"kafka\.trouble.*[Aa]uthentication")
        stack.wait_derived()
        assert stack.counter("kafka.delivered") == 0
    stack.collector.stop()
    stack.settings["forward"]["kafka"]["sasl-mechanism"] = "PLAIN"
    stack.write_settings()
    stack.start_collector()
    assert "kafka.library_fault" not in stack.collector.process.err
    line.check_sent()


def test_a_wrong_password_is_said_and_what_waits_is_sent_later(stack, apache_kafka):
    line = Line(stack, apache_kafka, sasl_settings(apache_kafka, stack.folder, "PLAIN", password="wrong"))
    line.wire_work()
    stack.collector.process.wait_for(r"kafka\.trouble.*[Aa]uthentication")
    assert stack.counter("kafka.delivered") == 0
    stack.collector.stop()
    (stack.folder / "kafka-password").write_text(apache_kafka.PASSWORD + "\n")
    stack.start_collector()
    line.check_sent()


def test_a_broker_of_another_authority_is_not_spoken_to(stack, apache_kafka):
    settings = {**tls_settings(apache_kafka), "ca": str(stack.folder / "pki/ca.pem")}
    line = Line(stack, apache_kafka, settings)
    line.wire_work()
    stack.collector.process.wait_for(r"kafka\.trouble.*(certificate|SSL)")
    stack.wait_derived()
    assert stack.counter("kafka.delivered") == 0


def test_a_broker_that_goes_and_comes_back_gets_everything(stack, apache_kafka):
    """Stopped in the middle of the work, then killed in the middle of it."""
    line = Line(stack, apache_kafka, tls_settings(apache_kafka))
    line.wire_work()
    line.check_sent()
    for end in (apache_kafka.stop, apache_kafka.kill):
        ending = threading.Thread(target=end)
        ending.start()
        line.wire_work(count=300, agency=3)
        ending.join()
        line.wire_work(count=50, agency=4)  # acknowledged and counted, whatever Kafka does
        stack.wait_derived()
        apache_kafka.start()
        line.check_sent()
    assert line.receiver.counted("1h", HOUR)["H47.03", "records"] == 600


def test_a_topic_that_does_not_exist_holds_up_no_other(stack, kafka_of_its_own):
    """Of a broker that makes none by itself; when it is there, what waited is sent."""
    broker = kafka_of_its_own()
    settings = broker.folder / "broker/server.properties"
    line = Line(stack, broker, {"brokers": broker.listeners["bootstrap"], "delivery-timeout": "5s",
                                "properties": [*QUICK, "topic.metadata.refresh.interval.ms=1000",
                                               "topic.metadata.propagation.max.ms=1000"]})
    line.wire_work()
    line.check_sent()
    topic = line.topics[0].replace("statistics", "incident")
    broker.stop()
    usual = settings.read_text()
    settings.write_text(usual + "\nauto.create.topics.enable=false\n")
    broker.start()
    keys = stack.queue_messages("incident", 100)
    wait_until("it fails", lambda: (stack.topic("incident") or {"failures": 0})["failures"] > 0, 60)
    line.wire_work(agency=3)
    stack.wait_recounted(sent=False)
    wait_until("the others are sent", lambda: stack.topic("statistics")["waiting"] == 0, 60)
    bad = stack.topic("incident")
    assert bad["waiting"] == 100 and bad["sent"] == 0 and "nknown topic" in bad["reason"], bad
    assert topic not in broker.topics()
    broker.stop()
    settings.write_text(usual)
    broker.start()
    broker.produce(topic, b"it is made by this")
    wait_until("it goes on", lambda: stack.topic("incident")["waiting"] == 0, 120)
    assert {message.key for message in broker.consume(topic) if message.key} == set(keys)
    line.check_sent()


def test_a_message_larger_than_the_broker_takes_holds_up_no_other(stack, kafka_of_its_own):
    """The broker's bound is below ours: it is refused for good, said, and told by a recount."""
    broker = kafka_of_its_own("--set", "message.max.bytes=1400")
    line = Line(stack, broker, {"brokers": broker.listeners["bootstrap"], "compression": "none",
                                "message-max": "1MB"})
    line.wire_work()
    stack.collector.process.wait_for(r"forward\.refused row=\d+ reason=.*size", 30)
    stack.wait_derived()
    stack.wait_missed()
    broker.stop()
    settings = broker.folder / "broker/server.properties"
    settings.write_text(settings.read_text().replace("message.max.bytes=1400", "message.max.bytes=1000000"))
    broker.start()
    line.wire_work()
    line.check_sent()


def test_a_message_larger_than_our_own_bound_is_refused_too(stack, mock_kafka):
    line = Line(stack, mock_kafka, {"brokers": mock_kafka.bootstrap, "message-max": "1000B"})
    line.wire_work()
    stack.collector.process.wait_for(r"forward\.refused row=\d+ reason=.*size", 30)
    stack.wait_derived()
    stack.wait_missed()
    stack.collector.stop()
    stack.settings["forward"]["kafka"]["message-max"] = "1MB"
    stack.write_settings()
    stack.start_collector()
    line.wire_work()
    line.check_sent()
