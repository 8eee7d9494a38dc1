"""libfault.so and crashimg.py do what the fault tests rely on."""
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import harness

sys.path.insert(0, str(harness.ROOT / "tests/support/faultlib"))
import crashimg  # noqa: E402

PYTHON = "/usr/bin/python3"


@pytest.fixture
def faulty(build, tmp_path):
    """faulty(program text, **settings) runs Python text with libfault on tmp_path/d."""
    library = build / "tests/support/libfault.so"
    assert library.exists(), f"{library} was not built"
    folder = tmp_path / "d"
    folder.mkdir()

    def run(text, **settings):
        env = {k: v for k, v in os.environ.items() if not k.startswith("SOC_FAULT")}
        env.update(LD_PRELOAD=str(library), SOC_FAULT_PATH=str(folder), D=str(folder))
        env.update({k: str(v) for k, v in settings.items()})
        head = ("import os, sys, json, errno\nD = os.environ['D']\n"
                "def f(name, flags=os.O_RDWR | os.O_CREAT): return os.open(D + '/' + name, flags, 0o600)\n")
        return subprocess.run([PYTHON, "-I", "-c", head + text], env=env, cwd=folder,
                              capture_output=True, text=True, timeout=60)

    run.folder, run.trace = folder, tmp_path / "trace"
    return run


TRY = """
def tried(call, *args):
    try:
        return call(*args)
    except OSError as e:
        return errno.errorcode[e.errno]
"""


# ---- faults -----------------------------------------------------------------------


def test_the_nth_sync_fails_and_no_other(faulty):
    done = faulty(TRY + "fd = f('a')\nprint([tried(os.fdatasync, fd) for _ in range(4)])",
                  SOC_FAULT="fdatasync:EIO:nth=3")
    assert done.stdout == "[None, None, 'EIO', None]\n", done.stderr


def test_a_disk_is_full_after_some_bytes_and_stays_so(faulty):
    done = faulty(TRY + "fd = f('a')\nprint([tried(os.write, fd, b'x' * 100) for _ in range(4)])",
                  SOC_FAULT="write:ENOSPC:bytes=150")
    assert done.stdout == "[100, 100, 'ENOSPC', 'ENOSPC']\n"


def test_writes_come_out_short(faulty):
    done = faulty("fd = f('a')\nprint(os.write(fd, b'0123456789'), os.writev(fd, [b'ab', b'cdef']),"
                  " os.pwrite(fd, b'z', 0))", SOC_FAULT="write:short")
    assert done.stdout == "5 3 1\n"
    assert (faulty.folder / "a").read_bytes() == b"z1234abc"


@pytest.mark.parametrize("spec,results", [
    ("write:EDQUOT:every=2", "[1, 'EDQUOT', 1, 'EDQUOT']"),
    ("write:EIO:after=1:times=2", "[1, 'EIO', 'EIO', 1]"),
    ("write:EIO:nth=1;write:ENOSPC:nth=2", "['EIO', 1, 'ENOSPC', 1]"),
])
def test_conditions(faulty, spec, results):
    done = faulty(TRY + "fd = f('a')\nprint([tried(os.write, fd, b'x') for _ in range(4)])",
                  SOC_FAULT=spec)
    assert done.stdout.strip() == results


def test_names_choose_among_files(faulty):
    done = faulty(TRY + "print(tried(f, 'log.1') == 'EMFILE', tried(f, 'state') == 'EMFILE')\n"
                  "print(tried(os.unlink, D + '/state'), tried(os.rename, D + '/x', D + '/log.2'))",
                  SOC_FAULT="open:EMFILE:name=log;rename:EROFS:name=log")
    assert done.stdout == "True False\nNone EROFS\n"


def test_files_outside_the_folder_are_left_alone(faulty, tmp_path):
    done = faulty(TRY + f"fd = os.open({str(tmp_path)!r} + '/outside', os.O_CREAT | os.O_RDWR)\n"
                  "print(tried(os.write, fd, b'x'), tried(os.fsync, fd))", SOC_FAULT="write:EIO;sync:EIO")
    assert done.stdout == "1 None\n"


def test_the_program_is_killed_before_or_after_an_operation(faulty):
    for effect, left in (("kill", 2), ("killafter", 3)):
        (faulty.folder / "a").unlink(missing_ok=True)
        done = faulty("fd = f('a')\nfor _ in range(9): os.write(fd, b'x')",
                      SOC_FAULT=f"write:{effect}:nth=3")
        assert done.returncode == -signal.SIGKILL
        assert (faulty.folder / "a").stat().st_size == left


def test_rules_change_while_the_program_runs(faulty, tmp_path):
    rules = tmp_path / "rules"
    done = faulty(TRY + f"""
fd, rules = f('a'), {str(rules)!r}
print(tried(os.write, fd, b'x'))
open(rules, 'w').write('write:ENOSPC')
print(tried(os.write, fd, b'x'))
os.unlink(rules)
print(tried(os.write, fd, b'x'))
""", SOC_FAULT_FILE=rules)
    assert done.stdout.split() == ["1", "ENOSPC", "1"]


def test_a_deaf_program_fails_loudly(faulty):
    done = faulty("pass", SOC_FAULT="write:EIO", SOC_FAULT_MUST=1)
    assert done.returncode == 97
    assert "saw not one file operation" in done.stderr
    assert faulty("f('a')", SOC_FAULT_MUST=1).returncode == 0
    assert faulty("pass", SOC_FAULT_MUST=1, SOC_FAULT_PROGRAM="other").returncode == 0


@pytest.mark.parametrize("spec", ["jump:EIO", "write", "write:ENOTHING", "write:EIO:often",
                                  "write:EIO:nth=x", "write:EIO:colour=3"])
def test_mistakes_in_rules_are_refused(faulty, spec):
    done = faulty("print('ran')", SOC_FAULT=spec)
    assert (done.returncode, done.stdout) == (98, "")


def test_the_report_counts(faulty, tmp_path):
    report = tmp_path / "report"
    faulty("fd = f('a')\nos.write(fd, b'x')\nos.fsync(fd)", SOC_FAULT="write:short",
           SOC_FAULT_REPORT=report)
    assert " seen=3 fired=1 open=1 write=1 fsync=1 " in report.read_text()


# ---- traces -----------------------------------------------------------------------

SCRAMBLE = """
import random, threading
r = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else SEED)
os.mkdir(D + '/sub')
names = ['a', 'b', 'c', 'sub/d', 'sub/e']
fds = []
for step in range(600):
    name, what = r.choice(names), r.randrange(12)
    try:
        if what == 0:
            fds.append(f(name))
        elif what == 1:
            fds.append(f(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
        elif what == 2:
            fds.append(f(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
        elif what == 3:
            os.rename(D + '/' + name, D + '/' + r.choice(names))
        elif what == 4:
            os.unlink(name)  # relative to D
        elif fds:
            fd = r.choice(fds)
            if what == 5:
                os.ftruncate(fd, r.randrange(3000))
            elif what == 6:
                os.pwrite(fd, os.urandom(r.randrange(1, 3000)), r.randrange(5000))
            elif what == 7:
                os.posix_fallocate(fd, r.randrange(100), r.randrange(1, 4000))
            elif what == 8:
                os.fsync(fd)
            elif what == 9 and len(fds) > 6:
                fds.remove(fd)
                os.close(fd)
            elif what == 10:
                fds.append(os.dup(fd))
            else:
                os.writev(fd, [os.urandom(r.randrange(1, 900)) for _ in range(3)])
    except OSError as e:
        if e.errno not in (errno.ENOENT,):
            raise
"""


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("seed", range(6))
def test_a_whole_trace_replays_to_what_is_on_disk(faulty, tmp_path, seed):
    done = faulty(SCRAMBLE.replace("SEED", str(seed)), SOC_IOTRACE=faulty.trace)
    assert done.returncode == 0, done.stderr
    records = crashimg.read_trace(faulty.trace)
    disk = crashimg.Disk()
    for record in records:
        disk.apply(record)
    contents = {k: bytes(v) for k, v in disk.image(crashimg.Everything).items() if v is not None}
    assert contents == tree(faulty.folder)
    assert len(records) > 300


def test_threads_are_recorded_in_their_true_order(faulty):
    done = faulty("""
import threading
def work(n):
    fd = f('a', os.O_WRONLY | os.O_CREAT)
    for i in range(200):
        os.pwrite(fd, bytes([n]) * 64, (i * 7 % 50) * 32)
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
""", SOC_IOTRACE=faulty.trace)
    assert done.returncode == 0, done.stderr
    (image,) = crashimg.images(crashimg.read_trace(faulty.trace), 1, point=803)
    records = crashimg.read_trace(faulty.trace)
    assert len(records) == 804
    disk = crashimg.Disk()
    for record in records:
        disk.apply(record)
    assert disk.image(crashimg.Everything)["a"] == (faulty.folder / "a").read_bytes()
    assert image.contents.keys() == {"a"}


def test_what_was_there_before_comes_from_the_base(faulty, tmp_path):
    (faulty.folder / "old").write_bytes(b"0123456789")
    base = tmp_path / "base"
    subprocess.run(["cp", "-a", faulty.folder, base], check=True)
    faulty("fd = f('old')\nos.pwrite(fd, b'XY', 2)\nos.unlink(D + '/old')", SOC_IOTRACE=faulty.trace)
    records = crashimg.read_trace(faulty.trace)
    seen = {image.contents.get("old") and bytes(image.contents["old"])
            for image in crashimg.images(records, 200, base=base)}
    assert seen == {b"0123456789", b"01XY456789", None}


def test_the_same_seed_gives_the_same_images(faulty):
    faulty(SCRAMBLE.replace("SEED", "1"), SOC_IOTRACE=faulty.trace)
    records = crashimg.read_trace(faulty.trace)

    def all_of(seed):
        return [(i.offset, {k: v and bytes(v) for k, v in i.contents.items()})
                for i in crashimg.images(records, 30, seed)]

    assert all_of("x") == all_of("x")
    assert all_of("x") != all_of("y")


def test_images_show_every_kind_of_damage(faulty):
    faulty("fd = f('a')\nos.write(fd, b'S' * 8192)\nos.fsync(fd)\n"
           "os.fsync(os.open(D, os.O_RDONLY))\nos.write(fd, b'W' * 8192)\n"
           "f('new')\nos.rename(D + '/a', D + '/b')", SOC_IOTRACE=faulty.trace)
    records = crashimg.read_trace(faulty.trace)
    kinds = set()
    for image in crashimg.images(records, 300, point=len(records)):
        names = sorted(image.contents)
        kinds.add(("names", *names))
        content = bytes(next(v for k, v in image.contents.items() if k in "ab"))
        assert content[:8192] == b"S" * 8192, "what was synced has to be there"
        rest = content[8192:]
        if rest in (b"", b"W" * 8192):
            kinds.add("kept" if rest else "dropped")
        elif set(rest) == set(b"W"):
            kinds.add("cut short")
        elif set(rest) <= set(b"W\0"):
            kinds.add("holes")
    assert kinds == {"kept", "dropped", "cut short", "holes",
                     ("names", "a"), ("names", "b"), ("names", "a", "new"), ("names", "b", "new")}


# ---- the whole method, on programs known to be right and wrong --------------------

# Writes numbered lines into segments, a state file beside them by replacement, and says
# which lines are safe: the oracle is the position of the trace when it said so.
WRITER = """
mode = MODE
acknowledged = []
folder = os.open(D, os.O_RDONLY)
def promise(n):
    acknowledged.append((n, os.stat(os.environ['SOC_IOTRACE']).st_size))
for segment in range(4):
    fd = f(f'segment.{segment}', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    if mode != 'no folder sync': os.fsync(folder)
    for i in range(6):
        n = segment * 6 + i
        os.write(fd, b'%04d ' % n + b'x' * 700 + b'\\n')
        if mode == 'promise before sync': promise(n)
        os.fdatasync(fd)
        if mode != 'promise before sync': promise(n)
    state = f('state.new', os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(state, b'%04d\\n' % n)
    if mode != 'state not synced': os.fsync(state)
    os.rename(D + '/state.new', D + '/state')
    if mode != 'no folder sync': os.fsync(folder)
    if segment >= 1:
        os.unlink(D + f'/segment.{segment - 1}')
print(json.dumps(acknowledged))
"""


def broken_promise(image, acknowledged):
    """What a reader misses in an image; None when it has all it was promised."""
    state = image.contents.get("state")
    if state is None:
        done = -1
    elif len(state) != 5 or not bytes(state[:4]).isdigit():
        return "a damaged state file"
    else:
        done = int(state)
    lines = set()
    for name, content in image.contents.items():
        if name.startswith("segment."):
            lines |= {int(line[:4]) for line in bytes(content).split(b"\n")
                      if len(line) == 705 and line[:4].isdigit() and set(line[5:]) == {ord("x")}}
    for n, offset in acknowledged:
        # What the state file calls done may be gone with its segment.
        if offset <= image.offset and n not in lines and n > done:
            return f"line {n}"
    return None


@pytest.mark.parametrize("mode,caught", [
    ("right", False), ("promise before sync", True), ("no folder sync", True),
    ("state not synced", True),
])
def test_crash_images_tell_right_from_wrong(faulty, mode, caught):
    done = faulty(WRITER.replace("MODE", repr(mode)), SOC_IOTRACE=faulty.trace)
    assert done.returncode == 0, done.stderr
    acknowledged = json.loads(done.stdout)
    broken = [image.number
              for image in crashimg.images(crashimg.read_trace(faulty.trace), 600, seed=7)
              if broken_promise(image, acknowledged)]
    assert bool(broken) == caught, f"{len(broken)} of 600"


SQLITE = """
import sqlite3
db = sqlite3.connect(D + '/x.db', isolation_level=None)
db.execute('PRAGMA journal_mode=WAL')
db.execute('PRAGMA synchronous=FULL')
db.execute('PRAGMA wal_autocheckpoint=20')
db.execute('CREATE TABLE t (n INTEGER PRIMARY KEY, text)')
done = []
for n in range(120):
    db.execute('INSERT INTO t VALUES (?, ?)', (n, 'x' * 900))
    done.append((n, os.stat(os.environ['SOC_IOTRACE']).st_size))
print(json.dumps(done))
"""


def test_sqlite_survives_every_image(faulty, tmp_path):
    """A program that is known to get it right, so that the images are known to be legal."""
    import sqlite3

    done = faulty(SQLITE, SOC_IOTRACE=faulty.trace)
    assert done.returncode == 0, done.stderr
    committed = json.loads(done.stdout)
    records = crashimg.read_trace(faulty.trace)
    promised = 0
    for image in crashimg.images(records, 150, seed=3):
        folder = image.write(tmp_path / f"image-{image.number}")
        expected = [n for n, offset in committed if offset <= image.offset]
        if not (folder / "x.db").exists():
            assert not expected
            continue
        db = sqlite3.connect(folder / "x.db")
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        rows = [n for (n,) in db.execute("SELECT n FROM t ORDER BY n")] if tables else []
        assert rows[:len(expected)] == expected, f"image {image.number}"
        promised += len(expected)
        db.close()
    assert promised > 1000


def test_the_command_keeps_the_first_bad_image(faulty, tmp_path):
    faulty("fd = f('a')\nos.write(fd, b'1')\nos.fsync(fd)\nos.write(fd, b'2')", SOC_IOTRACE=faulty.trace)
    tool = harness.ROOT / "tests/support/faultlib/crashimg.py"
    out = tmp_path / "out"

    def run(check):
        return subprocess.run([PYTHON, tool, faulty.trace, "--out", out, "--images", "40",
                               "--check", check], capture_output=True, text=True)

    assert run("test -d {image} && test {offset} -ge 8").returncode == 0
    assert list(out.iterdir()) == []
    done = run("! grep -q 2 {image}/a 2>/dev/null")
    assert done.returncode == 1 and "power cut after record 4 of 4" in done.stderr
    assert len(list(out.iterdir())) == 1
