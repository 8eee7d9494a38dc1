#!/usr/bin/env python3
"""seed_parsers - seeds for fuzz_parsers out of the golden samples: corpus/parsers/NAME-N

Run it after adding a parser or samples: the first lines of each parser that differ in shape.
"""
import json
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests/fuzz/corpus/parsers"
SEEDS_MAX = 6


def parser_numbers():
    """name -> number, from the parsers' own files."""
    numbers = {}
    for path in (ROOT / "collector/normalize/parsers").glob("*.c"):
        for found in re.finditer(r"\.number = (\d+),.*?\.name = \"([^\"]+)\"", path.read_text(), re.S):
            numbers[found.group(2)] = int(found.group(1))
    return numbers


def shape(text):
    return re.sub(r"[A-Za-z]+", "a", re.sub(r"\d+", "0", text))


def seeds_of(name):
    """What the parser was given: the message inside an envelope, else the line."""
    seeds = {}
    for path in sorted((ROOT / "tests/collector/normalize/samples" / name).glob("*.json")):
        for made in map(json.loads, path.read_text().splitlines()):
            if made.get("soc.parser") == name:
                inside = "log.syslog.severity.code" in made or "process.name" in made
                text = made["message"] if inside and "message" in made else made["event.original"]
                seeds.setdefault(shape(text), text)
    return list(seeds.values())[:SEEDS_MAX]


def main():
    shutil.rmtree(CORPUS)
    CORPUS.mkdir()
    for name, number in parser_numbers().items():
        for i, text in enumerate(seeds_of(name)):
            (CORPUS / f"{name}-{i}").write_bytes(bytes([number, 2 * i]) + text.encode())


if __name__ == "__main__":
    main()
