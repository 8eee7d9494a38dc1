"""National messages through the eyes of others: xmlsec1, xmllint, OpenSSL, python3-jsonschema."""
import base64
import copy
import hashlib
import json
import random
import re
import subprocess

import harness
import jsonschema
import pytest
import yaml

# The tests share messages that were made once.
pytestmark = pytest.mark.xdist_group("feed")

NATIONAL = harness.ROOT / "configs" / "national"
SCHEMA = NATIONAL / "schemas" / "soc-statistics-1.schema.json"
REPORT_SCHEMA = NATIONAL / "schemas" / "avreport.xsd"


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, timeout=120, **options)


@pytest.fixture(scope="module")
def tools(build):
    return build / "tests" / "collector" / "national"


@pytest.fixture(scope="module")
def made(tools, tmp_path_factory):
    """A folder of signed messages, made by the code that publishes them."""
    folder = tmp_path_factory.mktemp("messages")
    done = run(tools / "make_messages", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def feed(program):
    def call(verb, kind, *more, **options):
        return run(program("soc-collector"), "feed", verb, "--type", kind, *more, **options)

    return call


def good(done):
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def refused(done, words):
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert words in done.stderr.decode()


# ---- malware reports ------------------------------------------------------------------


def xmlsec(report, ca):
    return run("xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", ca, report)


@pytest.mark.parametrize("name", ["report.xml", "extended.xml"])
def test_xmlsec1_takes_our_signature_and_misses_no_change(made, feed, name, tmp_path):
    report = made / name
    assert xmlsec(report, made / "ca.pem").returncode == 0
    assert xmlsec(report, made / "other.pem").returncode != 0
    assert "trusted by" in good(feed("verify", "avreport", "--ca", made / "ca.pem", report))
    assert "NOT CHECKED" in good(feed("verify", "avreport", report))
    refused(feed("verify", "avreport", "--ca", made / "other.pem", report), "certificate")
    text = report.read_bytes()
    changes = [
        (b"<Datetime>1", b"<Datetime>2"),
        (b'name="m', b'name="M'),
        (b"<edXML:OrganId>H47", b"<edXML:OrganId>H48"),
        (b"</AVReport>", b"<!-- a --> </AVReport>"),
        (b"<SignatureValue>", b"<SignatureValue>AAAA"),
    ]
    for before, after in changes:
        assert before in text
        changed = tmp_path / "changed.xml"
        changed.write_bytes(text.replace(before, after, 1))
        assert xmlsec(changed, made / "ca.pem").returncode != 0, after
        assert feed("verify", "avreport", "--ca", made / "ca.pem", changed).returncode == 1, after


def test_a_signature_made_by_xmlsec1_is_taken(made, feed, tmp_path):
    """The other way round: their signature over our text, by a key made here."""
    done = run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other",
               "-keyout", tmp_path / "key.pem", "-out", tmp_path / "crt.pem", "-days", "2")
    assert done.returncode == 0, done.stderr
    text = (made / "report.xml").read_text()
    text = re.sub("<DigestValue>.*?</DigestValue>", "<DigestValue/>", text)
    text = re.sub("<SignatureValue>.*?</SignatureValue>", "<SignatureValue/>", text)
    text = re.sub("<X509Data>.*?</X509Data>",
                  "<X509Data><X509SubjectName/><X509Certificate/></X509Data>", text)
    template = tmp_path / "template.xml"
    template.write_text(text)
    signed = tmp_path / "signed.xml"
    done = run("xmlsec1", "--sign", "--privkey-pem", f"{tmp_path}/key.pem,{tmp_path}/crt.pem",
               "--output", signed, template)
    assert done.returncode == 0, done.stderr
    assert "trusted by" in good(feed("verify", "avreport", "--ca", tmp_path / "crt.pem", signed))
    assert feed("verify", "avreport", "--ca", made / "ca.pem", signed).returncode == 1
    good(feed("check", "avreport", signed))


@pytest.mark.parametrize("name", ["report.xml", "extended.xml"])
def test_xmllint_and_we_agree_on_reports(made, feed, name, tmp_path):
    text = (made / name).read_text()
    elements = sorted(set(re.findall(r"<([A-Za-z0-9:]+)[ >]", text)))
    variants = [text]
    for element in elements:
        whole = re.compile(f"<{element}[ >].*?</{element}>", re.S)
        variants.append(whole.sub("", text, 1))
        variants.append(whole.sub(lambda found: found.group() * 2, text, 1))
        variants.append(re.sub(f"(<{element}( [^>]*)?>)[^<]*<", r"\1<", text, 1))
        variants.append(re.sub(f"(<{element}( [^>]*)?>)", r"\1<Unknown/>", text, 1))
    verdicts = set()
    for number, variant in enumerate(variants):
        file = tmp_path / f"{number}.xml"
        file.write_text(variant)
        theirs = run("xmllint", "--nonet", "--noout", "--schema", REPORT_SCHEMA, file).returncode == 0
        ours = feed("check", "avreport", file).returncode == 0
        assert ours == theirs, variant
        verdicts.add(ours)
    assert verdicts == {True, False}


def test_reports_name_what_the_known_receiver_wants(made):
    """Element names and order as an open connector for Công văn 2290/BTTTT-CATTT sends them."""
    names = re.findall(r"<([A-Za-z0-9:]+)", (made / "report.xml").read_text())
    envelope = ["edXMLEnvelope", "edXML:edXMLHeader", "edXML:MessageHeader", "edXML:From",
                "edXML:OrganId", "edXML:OrganName", "edXML:OrganAdd", "edXML:Email",
                "edXML:Telephone", "edXML:Fax", "edXML:Website", "edXML:Subject", "Signature"]
    assert names[: len(envelope)] == envelope
    at = names.index("edXML:edXMLBody")
    assert names[at:at + 11] == ["edXML:edXMLBody", "AVReport", "Datetime", "Malware", "Machine",
                                 "MalwareInfo", "MalwareName", "MalwareType", "MalwareBehavior",
                                 "TypeOfDevice", "NumberFile"]
    assert names[-2:] == ["Update", "NumberMachineNotUpdateOn15Day"]


def test_xml_that_attacks_its_reader_ends_soon(program, tmp_path):
    bomb = '<!DOCTYPE a [<!ENTITY a0 "x">' + "".join(
        f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(12)) + "]><a>&a12;</a>"
    hostile = {
        "bomb": bomb,
        "file": '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/hostname">]><AVReport name="x">&f;</AVReport>',
        "parameter": '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///dev/zero"> %p;]><a/>',
        "deep": "<a>" * 200000,
        "wide": "<a>" + "<b/>" * 900000 + "</a>",
        "attributes": "<a " + " ".join(f'b{n}=">"' for n in range(100000)) + "/>",
        "namespaces": "<a " + " ".join(f'xmlns:b{n}="b"' for n in range(1000)) + ">" + "<b0:c/>" * 300000 + "</a>",
        "huge": "<a>" + "x" * (5 << 20) + "</a>",
        "wide16": "<a>ễ</a>",
        "lies": '<?xml version="1.0" encoding="UTF-16"?><a/>',
    }
    for name, text in hostile.items():
        file = tmp_path / name
        file.write_text(text, encoding="utf-16" if name == "wide16" else "utf-8")
        for verb in ("check", "verify"):
            done = run("prlimit", "--as=1500000000", program("soc-collector"),
                       "feed", verb, "--type", "avreport", file)
            assert done.returncode == 1, (name, done)
            assert done.stderr, name


# ---- statistics -----------------------------------------------------------------------


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def signature_for_openssl(algorithm, signature, folder):
    """A file as `openssl dgst` reads it: ECDSA as DER (RFC 7518 §3.4 has r || s), RSA as it is."""
    if algorithm != "ES256":
        (folder / "signature").write_bytes(signature)
        return
    assert len(signature) == 64
    numbers = [int.from_bytes(signature[at:at + 32], "big") for at in (0, 32)]
    (folder / "signature.cnf").write_text(
        "asn1=SEQUENCE:s\n[s]\n" + "".join(f"{n}=INTEGER:{value}\n" for n, value in zip("rs", numbers)))
    done = run("openssl", "asn1parse", "-genconf", folder / "signature.cnf", "-noout", "-out", folder / "signature")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("algorithm, jws, ca, options", [
    ("ES256", "statistics.jws", "ca.pem", []),
    ("RS256", "statistics-rs256.jws", "ca-rs256.pem", ["rsa_padding_mode:pkcs1"]),
    ("PS256", "statistics-ps256.jws", "ca-ps256.pem", ["rsa_padding_mode:pss", "rsa_pss_saltlen:32", "rsa_mgf1_md:sha256"]),
])
def test_openssl_takes_our_jws(made, feed, algorithm, jws, ca, options, tmp_path):
    """RFC 7515 appendix F by hand: put the payload back in, verify with OpenSSL's command."""
    header, payload, signature = (made / jws).read_text().split(".")
    assert payload == ""
    told = json.loads(decode(header))
    assert told["alg"] == algorithm
    assert "b64" not in told and "crit" not in told  # the payload enters as base64url, not as RFC 7797 has it
    der = base64.b64decode(told["x5c"][0])
    assert decode(told["x5t#S256"]) == hashlib.sha256(der).digest()
    (tmp_path / "crt.der").write_bytes(der)
    key = run("openssl", "x509", "-inform", "DER", "-in", tmp_path / "crt.der", "-noout", "-pubkey")
    (tmp_path / "key.pem").write_bytes(key.stdout)
    signature_for_openssl(algorithm, decode(signature), tmp_path)
    body = (made / "statistics.json").read_bytes()

    def taken(text, more=tuple(options)):
        (tmp_path / "signed").write_bytes(text)
        return run("openssl", "dgst", "-sha256", "-verify", tmp_path / "key.pem", "-signature", tmp_path / "signature",
                   *(word for option in more for word in ("-sigopt", option)), tmp_path / "signed").returncode == 0

    encoded = base64.urlsafe_b64encode(body).rstrip(b"=")
    assert taken(header.encode() + b"." + encoded)
    assert not taken(header.encode() + b"." + body)  # RFC 7797's unencoded payload
    assert not taken(header.encode() + b"." + encoded[:-1])
    if algorithm == "PS256":
        assert not taken(header.encode() + b"." + encoded, ["rsa_padding_mode:pkcs1"])
    assert run("openssl", "verify", "-CAfile", made / ca, "-purpose", "any", tmp_path / "crt.der").returncode == 0
    assert f"valid, {algorithm}" in good(feed("verify", "statistics", "--ca", made / ca, "--jws", made / jws,
                                              made / "statistics.json"))


def test_a_jws_comes_as_file_or_as_text(made, feed):
    body, jws, ca = made / "statistics.json", made / "statistics.jws", made / "ca.pem"
    assert "trusted by" in good(feed("verify", "statistics", "--ca", ca, "--jws", jws, body))
    assert "trusted by" in good(feed("verify", "statistics", "--ca", ca, "--jws", jws.read_text(), body))
    refused(feed("verify", "statistics", "--ca", ca, "--jws", jws, made / "manifest.json"),
            "not of this message")
    refused(feed("verify", "statistics", "--ca", made / "other.pem", "--jws", jws, body), "certificate")
    refused(feed("verify", "statistics", "--ca", ca, body), "none given")
    refused(feed("verify", "avreport", "--jws", jws, made / "report.xml"), "inside")


def spoiled(value, chance):
    """The same document with one thing in it changed."""
    document = copy.deepcopy(value)
    places = []

    def walk(node):
        entries = node.items() if isinstance(node, dict) else enumerate(node)
        for key, inner in list(entries):
            places.append((node, key))
            if isinstance(inner, (dict, list)):
                walk(inner)

    walk(document)
    node, key = chance.choice(places)
    others = [None, True, 0, -1, 1.0, 1.5, 2**53, 1001, "", "x", "H47.05", "5m", "event", "ệ" * 201,
              "2026-11-22T08:00:00+07:00", [], {}, [{}], {"unit": "event"}]
    deed = chance.randrange(5)
    if deed == 0:
        del node[key]
    elif deed == 1 and isinstance(node, dict):
        node["extra" + str(chance.randrange(3))] = chance.choice(others)
    elif deed == 2 and isinstance(node, list):
        node.append(chance.choice([*others, copy.deepcopy(node[key])]))
    elif deed == 3:
        other_node, other_key = chance.choice(places)
        node[key] = copy.deepcopy(other_node.get(other_key) if isinstance(other_node, dict) else None)
    else:
        node[key] = chance.choice(others)
    return document


def test_the_schema_means_to_us_what_it_means_to_others(made, tools):
    chance = random.Random(2290)
    documents = [json.loads((made / name).read_text()) for name in ("statistics.json", "manifest.json")]
    for _ in range(4000):
        document = spoiled(chance.choice(documents[:2]), chance)
        documents.append(spoiled(document, chance) if chance.random() < 0.2 else document)
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    theirs = [validator.is_valid(document) for document in documents]
    lines = "\n".join(json.dumps(document) for document in documents) + "\n"
    done = run(tools / "check_structure", SCHEMA, input=lines.encode())
    ours = [answer == "1" for answer in done.stdout.decode().split()]
    assert len(ours) == len(theirs)
    for document, our, their in zip(documents, ours, theirs):
        assert our == their, json.dumps(document, ensure_ascii=False)
    assert 100 < sum(theirs) < len(theirs) - 1000


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))


def units_in(schema):
    if isinstance(schema, dict):
        unit = schema.get("unit") or {}
        yield from [unit["const"]] if "const" in unit else []
        for rules in (schema.get("units") or {}).get("properties", {}).values():
            yield rules["const"]
        for inner in schema.values():
            yield from units_in(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from units_in(inner)


def test_the_dictionary_defines_every_unit_in_both_languages():
    dictionary = yaml.safe_load((NATIONAL / "dictionary.yaml").read_text())
    schema = json.loads(SCHEMA.read_text())
    defined = {entry["unit"] for entry in dictionary["units"] if entry["en"] and entry["vi"]}
    used = set(units_in(schema))
    assert len(used) > 8
    assert used <= defined
    assert dictionary["version"] == schema["$defs"]["agency"]["properties"]["dictionary"]["const"]
    classes = yaml.safe_load((NATIONAL / "classes.yaml").read_text())["classes"]
    assert {entry["class"] for entry in classes} == {
        "none", *schema["$defs"]["count_row"]["properties"]["class"]["enum"]}


# ---- the command ----------------------------------------------------------------------


def test_what_is_wrong_has_file_and_line(made, feed, tmp_path):
    good(feed("check", "statistics", made / "manifest.json"))
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(json.loads((made / "statistics.json").read_text()), indent=1)
                      .replace('"unit": "agent"', '"unit": "agents"'))
    line = broken.read_text().split('"agents"')[0].count("\n") + 1
    done = feed("check", "statistics", broken)
    assert done.returncode == 1
    assert re.match(rf"{broken}:\d+:\d+: 'agents.unit': expected 'agent'\n", done.stderr.decode())
    assert line > 1
    at = int(done.stderr.decode().split(":")[1])
    assert '"unit": "agents"' in broken.read_text().splitlines()[at - 1]


def test_wrong_usage_is_told_from_a_wrong_message(feed, made, program, tmp_path):
    collector = program("soc-collector")
    assert run(collector, "feed").returncode == 2
    assert run(collector, "feed", "dance").returncode == 2
    assert run(collector, "feed", "check", made / "report.xml").returncode == 2
    assert run(collector, "feed", "--help").returncode == 0
    assert feed("check", "dance", made / "report.xml").returncode == 2
    assert feed("check", "avreport", tmp_path / "none").returncode == 2
    assert feed("check", "avreport", "--national", tmp_path, made / "report.xml").returncode == 2
    good(feed("check", "avreport", "--national", NATIONAL, made / "report.xml"))
    types = good(run(collector, "feed", "types"))
    assert "avreport" in types and "soc-statistics/1" in types


def test_a_message_is_shown_from_standard_input(feed, made):
    shown = good(feed("show", "avreport", "-", input=(made / "extended.xml").read_bytes()))
    assert "PathFile /home/user/" in shown and "MalwareName Mã <độc>" in shown
    shown = good(feed("show", "statistics", made / "statistics.json"))
    assert re.search(r"3  unauthorized-access +medium +open +12 +1 +0\n", shown)


def test_what_is_shown_cannot_steer_a_terminal(feed, made):
    """Escape sequences, line ends and the controls of writing direction are spelled out."""
    document = json.loads((made / "statistics.json").read_text())
    document["malware"]["rows"][0]["name"] = "\x1b[2Jx\n\u202egnp.exe"
    document["organ_name"] = "ệ" * 1000
    document["clock"]["offset_max"] = None
    shown = good(feed("show", "statistics", "-", input=json.dumps(document).encode()))
    assert "\\x1b[2Jx\\x0a\\xe2\\x80\\xaegnp.exe" in shown
    assert "ệ" * 133 + "..." in shown and "ệ" * 134 not in shown
    assert "offset_max unknown (millisecond)" in shown
    report = (made / "extended.xml").read_text().replace("/home/user/", "/home/\u202e\u0085")
    shown = good(feed("show", "avreport", "-", input=report.encode()))
    assert "PathFile /home/\\xe2\\x80\\xae\\xc2\\x85" in shown
