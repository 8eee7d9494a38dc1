"""soc-agent scan as a person and a script use it, and beside Debian's yara command."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS" + b"-TEST-FILE!$H+H*"
RULE = 'rule Marker : demo { meta: author = "test" strings: $m = "MARK" condition: $m }\n'


@pytest.fixture
def scan(program):
    agent = program("soc-agent")

    def run(*arguments):
        words = [agent, "scan", *map(os.fspath, arguments)]
        return subprocess.run(words, capture_output=True, timeout=300)

    return run


@pytest.fixture
def rules(tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "r.yar").write_text(RULE)
    return folder


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def test_exit_status(scan, rules, tree):
    (tree / "clean").write_text("nothing")
    assert scan("--rules", rules, tree).returncode == 0
    (tree / "bad").write_text("a MARK")
    assert scan("--rules", rules, tree).returncode == 1
    assert scan("--rules", rules, tree / "absent").returncode == 2
    assert scan("--rules", tree / "absent", tree).returncode == 2
    assert scan("--rules", rules).returncode == 2
    assert scan("--no-such-option").returncode == 2
    assert scan("--help").returncode == 0


def test_a_refused_source_is_an_error_unless_something_was_found(scan, rules, tree):
    (rules / "bad.yar").write_text("\nrule x { condition: $y }\n")
    (tree / "clean").write_text("nothing")
    done = scan("--rules", rules, tree)
    assert done.returncode == 2
    assert b'bad.yar:2: undefined string "$y"' in done.stderr
    (tree / "bad").write_text("a MARK")
    assert scan("--rules", rules, tree).returncode == 1


def test_json_is_one_object_per_hit(scan, rules, tree):
    (tree / "a").write_text("a MARK")
    (tree / "b").write_text("MARK and MARK")
    os.symlink("a", tree / "link")
    done = scan("--json", "--rules", rules, tree)
    hits = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(h["rule"], h["path"]) for h in hits} == {
        ("Marker", str(tree / "a")),
        ("Marker", str(tree / "b")),
    }
    assert all(h["tags"] == ["demo"] and h["meta"] == {"author": "test"} for h in hits)
    assert b"symlink" in done.stderr  # what was not scanned, and why


def test_the_report_says_what_was_not_scanned(scan, rules, tree):
    (tree / "large").write_bytes(b"x" * 2000)
    os.mkfifo(tree / "fifo")
    with open(tree / "sparse", "wb") as file:
        file.truncate(1 << 40)
    done = scan("--max-size", "1KiB", "--rules", rules, tree)
    assert done.returncode == 0
    for word in (b"too-large", b"special", b"fifo", b"sparse"):
        assert word in done.stdout


def test_a_file_name_cannot_write_to_the_terminal(scan, rules, tree):
    (tree / "\033[2J\nHIT").write_text("MARK")
    (tree / os.fsdecode(b"\xff\xfe")).write_text("MARK")
    done = scan("--rules", rules, tree)
    assert b"\\x1b[2J\\x0aHIT" in done.stdout
    assert b"\033" not in done.stdout and b"\xff" not in done.stdout
    hits = scan("--json", "--rules", rules, tree).stdout.splitlines()
    assert {json.loads(h).get("path_hex", "")[-4:] for h in hits} == {"", "fffe"}


def test_the_eicar_file_is_found(scan, tmp_path, tree):
    (tree / "eicar.com").write_bytes(EICAR)
    rule = tmp_path / "e.yar"
    rule.write_text('rule Eicar { strings: $e = "STANDARD-ANTIVIRUS-TEST" condition: $e }')
    done = scan("--json", "--rules", rule, tree)
    hit = json.loads(done.stdout)
    assert hit["sha256"].startswith("275a021bbfb6489e54d471899f7db9d1")
    assert hit["size"] == 68


# ---- beside yara ---------------------------------------------------------------------


def yara_hits(rule_files, path):
    """{(rule, path)} as Debian's yara says; each source in a name space of its own."""
    sources = [f"n{i}:{file}" for i, file in enumerate(rule_files)]
    hits = set()
    for file in sorted(p for p in Path(path).rglob("*") if p.is_file()):
        variables = {
            "filename": file.name,
            "filepath": str(file.parent),
            "extension": file.suffix.lower(),
            "filetype": "EXE" if file.read_bytes()[:2] == b"MZ" else "",
            "owner": file.owner(),
        }
        defined = [word for k, v in variables.items() for word in ("-d", f"{k}={v}")]
        done = subprocess.run(
            ["yara", "-w", *defined, *sources, file], capture_output=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        for line in done.stdout.decode().splitlines():
            rule, _, name = line.partition(" ")
            hits.add((rule, name))
    return hits


def our_hits(scan, rule_folders, path):
    options = [word for folder in rule_folders for word in ("--rules", folder)]
    done = scan("--json", *options, path)
    assert b"refused" not in done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {(hit["rule"], hit["path"]) for hit in lines}


@pytest.mark.skipif(shutil.which("yara") is None, reason="no yara command here")
def test_same_hits_as_yara_with_real_rules(scan, shared_data, tree):
    """Texts of the rules themselves, cut in pieces, are full of hits."""
    folders = [shared_data / "yara" / "reversinglabs", shared_data / "yara" / "signature-base"]
    files = sorted(
        file for folder in folders for file in folder.rglob("*") if file.suffix in (".yar", ".yara")
    )
    assert len(files) > 100
    (tree / "eicar.com").write_bytes(EICAR)
    for i, file in enumerate(files[::40]):
        (tree / f"part{i}.txt").write_bytes(file.read_bytes()[:200000])
    (tree / "svchost.exe").write_bytes(b"MZ" + bytes(3000))
    theirs = yara_hits(files, tree)
    assert len(theirs) > 5
    assert our_hits(scan, folders, tree) == theirs


def test_a_file_that_takes_too_long_is_named_to_the_agent(scan, rules, tree):
    (rules / "slow.yar").write_text(
        "rule Slow { condition: for all i in (0..99999999999) : (uint8(i % 64) < 256) }\n")
    (tree / "hides").write_bytes(b"x" * 64)
    done = scan("--feed", "schedule", "--timeout", "1", "--rules", rules, tree)
    states = [json.loads(line[2:]) for line in done.stdout.decode().splitlines() if line[0] in "SF"]
    named, = [state for state in states if state["event.action"] == "file-not-scanned"]
    assert named["soc.scan.verdict"] == "timeout"
    assert named["file.path"] == str(tree / "hides") and named["file.size"] == 64
    finished, = [state for state in states if state["event.action"] == "scan-finished"]
    assert finished["soc.scan.skipped"] == {"timeout": 1}
