"""The contract of look-ups in citizen databases: its schema, its examples and the parser agree."""
import base64
import hashlib
import hmac
import json
import re
import subprocess

import jsonschema
import pytest
from harness import ROOT

FOLDER = ROOT / "deploy" / "citizen-lookup"
COLUMNS = ["schema", "time", "event_id", "account", "unit", "purpose", "reference", "person", "client", "address",
           "operation", "result", "persons"]


@pytest.fixture(scope="module")
def validator():
    return jsonschema.Draft202012Validator(json.loads((FOLDER / "citizen-lookup-1.schema.json").read_text()))


@pytest.fixture(scope="module")
def normalize(program):
    def call(*lines):
        done = subprocess.run([program("soc-collector"), "normalize"], input="".join(line + "\n" for line in lines),
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return call


def examples():
    return re.search("```\n(.*?)```", (FOLDER / "README.md").read_text(), re.S).group(1).splitlines()


def lookup(**changed):
    token = base64.urlsafe_b64encode(hmac.digest(b"k" * 32, b"001234567890", hashlib.sha256)[:16]).rstrip(b"=").decode()
    made = {"schema": "soc-citizen-lookup/1", "time": "2026-03-07T10:00:00+07:00", "event_id": "e", "account": "an",
            "unit": "H47", "purpose": "procedure", "reference": "r", "person": token, "client": "c",
            "address": "192.0.2.1", "operation": "view", "result": "found", "persons": 1, **changed}
    return {name: value for name, value in made.items() if value is not None}


def test_the_examples_of_the_contract_are_good(validator, normalize):
    lines = examples()
    assert len(lines) == 3
    for line in lines[:2]:
        validator.validate(json.loads(line[line.index("{"):]))
    for record in normalize(*lines):
        assert (record["soc.parser"], record["soc.parse_status"]) == ("citizen-lookup", "ok"), record


@pytest.mark.parametrize("changed, good", [
    ({}, True), ({"reference": None, "purpose": "support"}, True), ({"person": None, "operation": "search"}, True),
    ({"reference": None}, False), ({"person": None}, False), ({"person": "001234567890"}, False),
    ({"person": "0" * 40}, False), ({"account": None}, False), ({"purpose": "curiosity"}, False),
    ({"result": "ok"}, False), ({"operation": "steal"}, False), ({"time": "2026-03-07 10:00"}, False)])
def test_schema_and_parser_agree_on_what_breaks_the_contract(validator, normalize, changed, good):
    made = lookup(**changed)
    csv = ",".join(str(made.get(name, "")) for name in COLUMNS)
    assert validator.is_valid(made) is good
    for record in normalize(json.dumps(made), csv):
        assert record["soc.parse_status"] == ("ok" if good else "partial"), record
        assert "001234567890" not in str({name: value for name, value in record.items() if name != "event.original"})
