"""The collector's roles as real processes: users, powers, files out of reach."""
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import harness
import oracle
import pytest
import stack as stacks
from harness import wait_until

INGEST, SIGNER = pwd.getpwnam("daemon"), pwd.getpwnam("bin")
NET_BIND_SERVICE = 1 << 10
SUPERVISOR_MOST = sum(1 << n for n in (2, 5, 6, 7, 8, 10, 24))  # roles.c: shed_power()

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give it up")


def give(path, user, mode=None):
    for file in [path, *path.rglob("*")] if path.is_dir() else [path]:
        os.chown(file, user.pw_uid, user.pw_gid)
    if mode is not None:
        path.chmod(mode)


@pytest.fixture
def separated(processes, program):
    """A stack whose folder others can enter, each file with the owner it should have."""
    folder = Path(tempfile.mkdtemp(prefix="soc-roles-", dir="/tmp"))
    folder.chmod(0o711)
    made = stacks.Stack(folder / "s", processes, program, {
        "national": "national", "masking": "masking.yaml", "enrich": "enrich.yaml", "control": str(folder / "s/run/c.sock"),
        "roles": {"ingest": {"user": INGEST.pw_name}, "signer": {"user": SIGNER.pw_name}}})
    made.control_path = folder / "s/run/c.sock"
    shutil.copytree(harness.ROOT / "configs/national", made.folder / "national")
    shutil.copy(harness.ROOT / "configs/masking.yaml", made.folder)
    shutil.copy(harness.ROOT / "configs/enrich.yaml", made.folder)
    for path in (made.folder, made.folder / "pki", made.folder / "pki/issued"):
        path.chmod(0o755)
    for name in ("run", "store", "derive", "out"):
        (made.folder / name).mkdir(mode=0o700)
        give(made.folder / name, INGEST)
    issued = made.folder / "pki/issued"
    give(issued / f"collector-{stacks.COLLECTOR}.key", INGEST, 0o600)
    for name in ("jws", "xml"):
        give(issued / f"signer-{name}.key", SIGNER, 0o600)
    yield made
    made.end()
    processes.end()
    shutil.rmtree(folder)


def status(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, value in (line.split(":", 1) for line in lines)}


def capabilities(told):
    return {name: int(told[name][0], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}


def refused(stack, *words):
    """It does not start, and says why."""
    collector = stack.start_collector(wait=False)
    assert collector.process.wait(20) == 1
    for word in words:
        assert word in collector.process.err, collector.process.err
    return collector.process.err


def test_each_role_has_its_own_user_and_no_power(separated):
    collector = separated.start_collector()
    for role, user in (("ingest", INGEST), ("signer", SIGNER)):
        pid = collector.role(role)
        tasks = [status(f"{pid}/task/{task}") for task in os.listdir(f"/proc/{pid}/task")]
        assert len(tasks) > 5 if role == "ingest" else len(tasks) == 1
        for told in tasks:
            assert told["Uid"] == [str(user.pw_uid)] * 4
            assert told["Gid"] == [str(user.pw_gid)] * 4
            assert set(told["Groups"]) == {str(gid) for gid in os.getgrouplist(user.pw_name, user.pw_gid)}
            assert told["NoNewPrivs"] == ["1"] and told["Seccomp"] == ["2"]
            assert set(capabilities(told).values()) == {0}
            assert told["Umask"] == ["0077"]
    limits = Path(f"/proc/{collector.role('signer')}/limits").read_text()
    for name in ("Max core file size", "Max file size", "Max processes"):
        assert re.search(rf"^{name} +0 +0 ", limits, re.M), limits
    limits = Path(f"/proc/{collector.role('ingest')}/limits").read_text()
    assert int(re.search(r"^Max open files +(\d+)", limits, re.M).group(1)) >= 13024
    told = status(collector.process.pid)
    assert told["Uid"] == ["0"] * 4
    assert capabilities(told)["CapEff"] & ~SUPERVISOR_MOST == 0
    assert capabilities(told)["CapBnd"] & ~SUPERVISOR_MOST == 0
    assert f"ingest={INGEST.pw_name} signer={SIGNER.pw_name}" in collector.process.err
    assert "roles.one_user" not in collector.process.err


def test_the_whole_line_works_with_users_of_their_own(separated):
    """Stored, counted, signed by the signer, verified; a role that dies comes back as it was."""
    collector = separated.start_collector()
    source = oracle.Source("mine", 2, 1)
    agent = separated.wire_agent(2, 1)
    agent.offer(source.issue(200))
    separated.wait_acked()
    for role, user in (("signer", SIGNER), ("ingest", INGEST)):
        before = collector.role(role)
        collector.kill_role(role)
        wait_until("the role is there again", lambda: collector.role(role) != before, 15)
        wait_until("it runs as its user", lambda: status(collector.role(role))["Uid"][0] == str(user.pw_uid), 15)
    agent.offer(source.issue(100))
    separated.wait_acked()
    source.owed = 300
    separated.check([source])
    bodies = []

    def sent():
        bodies[:] = [path for path in (separated.folder / "out").iterdir() if path.suffix == ".headers"]
        return bodies

    wait_until("signed messages were sent", sent, 30)
    assert '"jws":"' in bodies[0].read_text()
    assert (separated.folder / "store").stat().st_uid == INGEST.pw_uid
    made = [path for path in (separated.folder / "store").rglob("*") if path.is_file()]
    assert made and all(path.stat().st_mode & 0o077 == 0 for path in made)
    assert collector.stop() == 0


def test_roles_die_with_their_supervisor(separated):
    """The death signal is asked for after the user changed, which forgets it."""
    collector = separated.start_collector()
    collector.kill_supervisor()


def test_settings_are_read_again_by_the_users(separated):
    collector = separated.start_collector()
    register = separated.folder / "agencies.yaml"
    new = separated.folder / "new.yaml"
    new.write_text(register.read_text() + "\n# changed\n")
    os.rename(new, register)  # another file under the name
    collector.process.signal(signal.SIGHUP)
    collector.process.wait_for(r"collector\.reloaded")
    register.chmod(0o600)
    collector.process.signal(signal.SIGHUP)
    collector.process.wait_for(r"collector\.reload_refused")
    register.chmod(0o644)
    agent = separated.wire_agent(2, 1)
    agent.offer(oracle.Source("still", 2, 1).issue(10))
    separated.wait_acked()


def landlock():
    libc = __import__("ctypes").CDLL(None)
    return libc.syscall(444, None, 0, 1) > 0


@pytest.mark.skipif(not landlock(), reason="this kernel has no Landlock")
@pytest.mark.parametrize("confined", [True, False])
def test_ingest_opens_nothing_outside_its_folders(stack, confined):
    """Even as root: the register may be read where it lies, and nowhere else."""
    stack.settings["roles"] = {"ingest": {"confined": confined}}
    stack.write_settings()
    collector = stack.start_collector()
    elsewhere = Path(tempfile.mkdtemp(prefix="soc-elsewhere-", dir="/tmp"))
    try:
        shutil.copy(stack.folder / "agencies.yaml", elsewhere)
        stack.settings["agencies"] = str(elsewhere / "agencies.yaml")
        stack.write_settings()
        collector.process.signal(signal.SIGHUP)
        collector.process.wait_for(r"collector\.reload_refused" if confined else r"collector\.reloaded")
    finally:
        shutil.rmtree(elsewhere)
    if confined:
        assert f"{elsewhere}/agencies.yaml: Permission denied" in collector.process.err
        assert "ingest.confined landlock=on seccomp=on" in collector.process.err
    else:
        assert "roles.ingest.confined=false" in collector.process.err


@pytest.mark.skipif(not landlock(), reason="this kernel has no Landlock")
def test_a_folder_may_be_added_to_what_ingest_reads(stack):
    elsewhere = Path(tempfile.mkdtemp(prefix="soc-elsewhere-", dir="/tmp"))
    try:
        shutil.copy(stack.folder / "agencies.yaml", elsewhere)
        stack.settings["roles"] = {"ingest": {"readable": [str(elsewhere)]}}
        stack.write_settings()
        collector = stack.start_collector()
        stack.settings["agencies"] = str(elsewhere / "agencies.yaml")
        stack.write_settings()
        collector.process.signal(signal.SIGHUP)
        collector.process.wait_for(r"collector\.reloaded")
    finally:
        shutil.rmtree(elsewhere)


def test_a_port_below_1024_needs_that_one_capability(separated):
    for port in range(700, 1023):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                break
            except OSError:
                continue
    separated.settings["ingest"]["listen"] = f"127.0.0.1:{port}"
    separated.write_settings()
    collector = separated.start_collector()
    told = capabilities(status(collector.role("ingest")))
    assert told["CapEff"] == told["CapPrm"] == told["CapBnd"] == NET_BIND_SERVICE
    assert capabilities(status(collector.role("signer")))["CapBnd"] == 0


def test_what_the_unit_leaves_of_root_is_enough(separated):
    """The capabilities of soc-collector.service, and no new ones."""
    unit = (harness.ROOT / "deploy/systemd/soc-collector.service.in").read_text()
    names = re.search(r"^CapabilityBoundingSet=(.*)$", unit, re.M).group(1).split()
    held = ",".join(["-all", *("+" + name.removeprefix("CAP_").lower() for name in names)])
    for path in (separated.folder / "pki/issued").glob("*.key"):
        assert path.stat().st_mode & 0o077 == 0
    collector = separated.start_collector(prefix=("setpriv", "--no-new-privs", f"--bounding-set={held}", "--inh-caps=-all"))
    agent = separated.wire_agent(2, 1)
    agent.offer(oracle.Source("few", 2, 1).issue(10))
    separated.wait_acked()
    assert status(collector.role("ingest"))["Uid"][0] == str(INGEST.pw_uid)
    collector.process.signal(signal.SIGHUP)
    collector.process.wait_for(r"collector\.reloaded")
    assert collector.stop() == 0


def key(stack, name):
    return stack.folder / f"pki/issued/{name}.key"


@pytest.mark.parametrize("spoil, words", [
    (lambda s: give(key(s, "signer-jws"), INGEST), ["signer.jws.key", "which is the signer's alone", "chown bin"]),
    (lambda s: key(s, "signer-xml").chmod(0o644), ["signer.xml.key", "which is the signer's alone"]),
    (lambda s: give(key(s, "signer-xml"), pwd.getpwuid(0)), ["user=bin", "signer.xml.key", "may not read"]),
    (lambda s: give(key(s, "collector-soc"), pwd.getpwuid(0)), ["user=daemon", "ingest.key", "may not read"]),
    (lambda s: give(s.folder / "store", pwd.getpwuid(0)), ["setting=store.dir", "may not write", "chown -R daemon"]),
    (lambda s: (s.folder / "derive").rmdir(), ["setting=derive.dir", "may not make a folder in"]),
    (lambda s: (s.folder / "derive/derive.db").write_text("root's"), ["setting=derive.dir", "derive.db"]),
    (lambda s: give(s.folder / "run", pwd.getpwuid(0)), ["setting=control", "may not make a socket in"]),
    (lambda s: give(s.folder / "out", pwd.getpwuid(0)), ["setting=forward.file.dir", "may not write"]),
    (lambda s: (s.folder / "national").chmod(0o700), ["setting=national", "may not read"]),
])
def test_wrong_owners_are_told_at_the_start(separated, spoil, words):
    spoil(separated)
    refused(separated, "roles.access", *words)


@pytest.mark.parametrize("ingest, signer, words", [
    ("nobody-of-that-name", SIGNER.pw_name, "there is no user 'nobody-of-that-name'"),
    ("root", SIGNER.pw_name, "'root' is root"),
    ("0", SIGNER.pw_name, "'0' is root"),
    (INGEST.pw_name, str(INGEST.pw_uid), "is ingest's user too"),
])
def test_users_that_keep_nothing_apart_are_refused(separated, ingest, signer, words):
    separated.settings["roles"] = {"ingest": {"user": ingest}, "signer": {"user": signer}}
    separated.write_settings()
    refused(separated, "roles.refused", words)


def test_one_user_for_all_is_said(stack):
    collector = stack.start_collector()
    assert re.search(r"WARN .*roles\.one_user user=root,", collector.process.err)


def test_who_is_not_root_runs_as_he_is(separated, program):
    give(separated.folder, INGEST)
    process = separated.processes.start("setpriv", f"--reuid={INGEST.pw_uid}", f"--regid={INGEST.pw_gid}",
                                        "--clear-groups", program("soc-collector"), "run", "-c",
                                        separated.folder / "collector.yaml", name="collector")
    separated.collector = stacks.Collector(process)
    separated.collector.wait_ready()
    assert "roles.not_root" in process.err and "roles.one_user" in process.err
    for role in ("ingest", "signer"):
        told = status(separated.collector.role(role))
        assert told["Uid"] == [str(INGEST.pw_uid)] * 4 and told["NoNewPrivs"] == ["1"]
    assert separated.collector.stop() == 0


def test_the_settings_may_be_named_relatively(separated, program):
    process = separated.processes.start(program("soc-collector"), "run", "-c", "collector.yaml",
                                        cwd=separated.folder, name="collector")
    process.wait_for(r"collector\.listening", 15)
    assert subprocess.run(["kill", str(process.pid)]).returncode == 0
    assert process.wait(20) == 0
