"""What tests/README.md says of faults and tests is so."""
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def test_every_test_the_table_names_exists():
    table = (TESTS / "README.md").read_text().split("## Faults and where each is shown")[1].split("\n## ")[0]
    named = re.findall(r"`([a-z0-9_/]+\.(?:py|c))::(\w+)`", table)
    assert len(named) > 40 and table.count("::") == len(named) + 1  # and the word that explains
    for file, word in named:
        text = (TESTS / file).read_text()
        assert re.search(rf"^(?:def test_|START_TEST\()\w*{word}", text, re.M), f"{file} has no test '{word}'"
