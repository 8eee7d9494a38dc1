"""The receiving end in the eyes of tests: takes nothing on trust.

    receiver = Receiver(client, stack.folder / "pki/ca.pem", tmp_path / "received")
    receiver.receive("soc.H47.statistics.v1")
    receiver.statistics      # key -> body of the highest revision
    receiver.reports         # key -> XML

Of every key the message with the highest revision is kept (an upsert). Each one that comes in is
verified by tools that are not ours: python3-jsonschema and OpenSSL's commands for JSON and its
detached JWS, xmllint and xmlsec1 for XML.
"""
import base64
import datetime
import hashlib
import json
import subprocess
from pathlib import Path

import jsonschema
from harness import ROOT, Failed, Message

SCHEMAS = ROOT / "configs" / "national" / "schemas"
CONTENT_TYPES = {"soc-statistics/1": "application/json", "edxml-avreport/1": "text/xml; charset=utf-8"}


def run(*words, cwd=None):
    done = subprocess.run([str(word) for word in words], capture_output=True, timeout=60, cwd=cwd)
    if done.returncode != 0:
        raise Failed(f"{words[0]} {words[1]}: {(done.stdout + done.stderr).decode(errors='replace')}")
    return done.stdout


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def der_signature(signature):
    """r ‖ s as ES256 has it (RFC 7518 section 3.4), in the form that OpenSSL reads."""
    out = b""
    for at in (0, 32):
        number = signature[at:at + 32].lstrip(b"\0") or b"\0"
        number = b"\0" + number if number[0] & 0x80 else number
        out += bytes([2, len(number)]) + number
    return bytes([0x30, len(out)]) + out


def trusted_key(der, ca, folder):
    """The file with the public key of a certificate that the authority vouches for."""
    name = folder / hashlib.sha256(der).hexdigest()
    key = name.with_suffix(".key")
    if not key.exists():
        pem = run("openssl", "x509", "-inform", "DER", "-in", write(name.with_suffix(".der"), der))
        run("openssl", "verify", "-CAfile", ca, "-purpose", "any", write(name.with_suffix(".pem"), pem))
        write(key, run("openssl", "x509", "-in", name.with_suffix(".pem"), "-noout", "-pubkey"))
    return key


def verify_jws(body, jws, ca, folder):
    """RFC 7515 appendix F: the body is put where the header leaves a gap. Returns the header."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    header, payload, signature = jws.split(".")
    told = json.loads(decode(header))
    der = base64.b64decode(told["x5c"][0])
    if payload or told["alg"] != "ES256" or decode(told["x5t#S256"]) != hashlib.sha256(der).digest():
        raise Failed(f"not a detached JWS of its certificate: {told}")
    signed = header.encode() + b"." + base64.urlsafe_b64encode(body).rstrip(b"=")
    run("openssl", "dgst", "-sha256", "-verify", trusted_key(der, ca, folder),
        "-signature", write(folder / "signature", der_signature(decode(signature))),
        write(folder / "signed", signed))
    return told


def write(path, content):
    path.write_bytes(content)
    return path


class CarriedByHand:
    """Messages of the file output, as a client of Kafka would hand them out."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def messages(self):
        for beside in sorted(self.folder.glob("*.headers")):
            body = beside.with_suffix("")
            if body.exists():
                headers = json.loads(beside.read_text())
                yield Message(headers.pop("topic"), 0, int(body.name), headers.pop("key"), body.read_bytes(), headers)

    def topics(self):
        return {message.topic for message in self.messages()}

    def consume(self, topic):
        return [message for message in self.messages() if message.topic == topic]


class Receiver:
    def __init__(self, client, ca, folder, wanted=""):
        """`wanted`: only messages in whose key that stands."""
        self.client, self.ca, self.folder, self.wanted = client, ca, Path(folder), wanted
        self.folder.mkdir(parents=True, exist_ok=True)
        schema = json.loads((SCHEMAS / "soc-statistics-1.schema.json").read_text())
        self.validator = jsonschema.Draft202012Validator(schema)
        self.revisions, self.statistics, self.reports = {}, {}, {}
        self.messages = 0

    def receive(self, *topics):
        """What the topics hold now; what was heard before is heard again, as after a restart."""
        there = self.client.topics()
        for topic in (topic for topic in topics if topic in there):
            for message in self.client.consume(topic):
                if self.wanted in message.key:
                    self.take(message)
        return self

    def take(self, message):
        self.messages += 1
        headers = message.headers
        if headers["sha256"] != hashlib.sha256(message.value).hexdigest():
            raise Failed(f"{message}: the digest is of another body")
        if headers["content-type"] != CONTENT_TYPES[headers["schema"]]:
            raise Failed(f"{message}: {headers}")
        self.verify(message)
        revision = int(headers["revision"])
        if revision >= self.revisions.get(message.key, 0):
            self.revisions[message.key] = revision
            self.keep(message)

    def verify(self, message):
        if message.headers["schema"] == "edxml-avreport/1":
            report = write(self.folder / "report.xml", message.value)
            run("xmllint", "--nonet", "--noout", "--schema", SCHEMAS / "avreport.xsd", report)
            run("xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", self.ca, report)
            return
        body = json.loads(message.value)
        self.validator.validate(body)
        for name, told in (("key", message.key), ("msg_id", message.headers["msg-id"]),
                           ("revision", int(message.headers["revision"]))):
            if body[name] != told:
                raise Failed(f"{message}: {name} is {body[name]} in the body, {told} beside it")
        verify_jws(message.value, message.headers["jws"], self.ca, self.folder / "jws")

    def keep(self, message):
        if message.headers["schema"] == "edxml-avreport/1":
            self.reports[message.key] = message.value.decode()
        else:
            self.statistics[message.key] = json.loads(message.value)

    def counted(self, kind, within):
        """{(organ_id, what): sum over the windows of that kind that begin within (from, to), in seconds}.

        By the manifests; zeros left out. What happens while a test runs has windows of its own,
        of which a short one may be complete and a long one not.
        """
        sums = {}
        for body in self.statistics.values():
            if body["kind"] != "manifest" or body["window"]["kind"] != kind:
                continue
            begins = datetime.datetime.fromisoformat(body["window"]["start"].replace("Z", "+00:00"))
            if not within[0] <= begins.timestamp() < within[1]:
                continue
            for agency in body["agencies"]:
                for what in ("records", "events", "findings", "hits"):
                    at = agency["organ_id"], what
                    sums[at] = sums.get(at, 0) + agency[what]
        return {at: number for at, number in sums.items() if number}

    def check_details(self):
        """A manifest's numbers are those of the messages it points to."""
        for key, body in self.statistics.items():
            if body["kind"] != "manifest":
                continue
            for agency in body["agencies"]:
                if agency["detail"]:
                    own = self.statistics[key.replace("/manifest/", f"/{agency['organ_id']}/")]
                    rows = own["counts"]["rows"]
                    told = {"records": own["quality"]["records"],
                            "events": sum(row["events"] for row in rows),
                            "findings": sum(row["findings"] for row in rows),
                            "hits": sum(row["hits"] for row in own["malware"]["rows"])
                            + own["malware"]["omitted"]["hits"]}
                    if told != {name: agency[name] for name in told}:
                        raise Failed(f"{key}: {agency} is {told} in its own message")
