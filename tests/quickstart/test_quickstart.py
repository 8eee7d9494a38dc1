"""deploy/quickstart: what it says to be verified was, and it touches nothing but its own."""
import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess

import harness
import pytest

QUICKSTART = harness.ROOT / "deploy" / "quickstart"
DEMO = harness.ROOT / "deploy" / "demo"
BUILD = harness.ROOT / "build-quickstart"

pytestmark = pytest.mark.slow


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=600, **options)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The folder of a run, all of it stopped, and what the run said."""
    folder = tmp_path_factory.mktemp("quick start") / "demo"  # a blank in its path
    done = run(QUICKSTART, "--once", "--keep", "--no-install", "--dir", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    yield folder, done.stdout + done.stderr
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def module():
    """deploy/demo/messages as a module."""
    loader = importlib.machinery.SourceFileLoader("messages", str(DEMO / "messages"))
    loaded = importlib.util.module_from_spec(importlib.util.spec_from_loader("messages", loader))
    loader.exec_module(loaded)
    return loaded


def verifier(module, folder):
    return module.Nation(type("Options", (), {"build": BUILD, "dir": folder}))


def received(module, folder, kind):
    for path in sorted((folder / "received").glob("*.json")):
        message = module.Message(path)
        if message.type == kind:
            return path, message
    raise AssertionError(kind)


def test_a_run_shows_both_kinds_of_messages_and_leaves_nothing_running(kept):
    folder, said = kept
    assert "WARN" not in said and "ERROR" not in said
    assert "Sở Khoa học và Công nghệ" in said and "unauthorized-access" in said
    assert "MalwareName EICAR_Test_File" in said
    assert " 0 differ, 0 missing, 0 too many" in said and " 0 faults" in said
    assert said.splitlines()[-2].startswith("verified: ")
    assert not list((folder / "run").glob("*.pid"))
    assert str(folder) not in run("ps", "-eo", "args").stdout
    assert run(QUICKSTART, "--stop", "--dir", folder).stdout.startswith("nothing of ")


@pytest.mark.parametrize("kind", ["statistics", "avreport"])
def test_a_message_that_was_changed_is_not_verified(kept, module, kind, tmp_path):
    folder, _ = kept
    path, message = received(module, folder, kind)
    verifier(module, folder).verify(message)
    assert message.signature in ("ES256", "RSA with SHA-256")

    def refused(words, ca=folder, body=message.body, **headers):
        about = json.loads(path.read_text())
        about["headers"]["sha256"] = module.hashlib.sha256(body).hexdigest()
        about["headers"].update(headers)
        (tmp_path / "m.json").write_text(json.dumps(about))
        (tmp_path / "m.body").write_bytes(body)
        with pytest.raises(module.Wrong, match=words):
            verifier(module, ca).verify(module.Message(tmp_path / "m.json"))

    refused("header sha256", sha256="0" * 64)
    refused("feed verify refuses", body=message.body.replace("Sông".encode(), b"Song").replace("Sở".encode(), b"So"))
    refused("feed check refuses", body=message.body.replace(b'"5m"', b'"5x"').replace(b"<Datetime>", b"<Datetime>x"))
    if kind == "statistics":
        refused("header revision", revision="1")
        refused("feed verify refuses", jws="a..b")
    done = run(BUILD / "collector/ctl/soc-ctl", "pki", "init", "--dir", tmp_path / "pki", "--name", "Other")
    assert done.returncode == 0, done.stderr
    refused("feed verify refuses", ca=tmp_path)


@pytest.mark.parametrize("spoil", [
    lambda lines: lines + ["one more"],
    lambda lines: lines[1:],
    lambda lines: [lines[1], lines[0], *lines[2:]],
    lambda lines: [lines[0].replace("a", "b"), *lines[1:]],
])
def test_a_line_that_is_not_stored_is_noticed(kept, spoil):
    folder, _ = kept
    log = folder / "host-1" / "access.log"
    lines = log.read_text()

    def compare():
        return run(DEMO / "lines", "--collector", BUILD / "collector/soc-collector", "--dir", folder)

    assert compare().returncode == 0
    log.write_text("\n".join(spoil(lines.splitlines())) + "\n")
    try:
        done = compare()
    finally:
        log.write_text(lines)
    assert done.returncode == 1 and "access.log" in done.stderr


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    done = run(QUICKSTART, "--once", "--no-install", "--dir", tmp_path)
    assert done.returncode == 1 and "is not empty" in done.stderr
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_a_process_that_took_over_a_number_is_not_stopped(tmp_path, processes):
    """The file of a run that ended long ago names a number that is another's now."""
    other = processes.start("sleep", "60")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "collector.pid").write_text(f"{other.pid} 1\n")
    (tmp_path / "run" / "agent-1.pid").write_text(f"{other.pid}\n")
    done = run(QUICKSTART, "--stop", "--dir", tmp_path)
    assert done.returncode == 0 and done.stdout.startswith("nothing of ")
    assert other.running()


@pytest.mark.parametrize("words", [["--kafka", "x"], ["--dir"], ["--dance"], ["--dir", 'a"b']])
def test_wrong_usage_is_told(words):
    done = run(QUICKSTART, *words)
    assert done.returncode == 2 and "usage:" in done.stderr
