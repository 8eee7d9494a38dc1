"""What `meson install` brings: programs, units, users, settings, and that they fit each other."""
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import harness
import pytest

# The tests share what was installed once.
pytestmark = pytest.mark.xdist_group("deploy")

SYSTEMD = harness.ROOT / "deploy" / "systemd"
PARTS = ("agent", "collector")


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120, **options)


class Installed:
    def __init__(self, build, root, *more):
        done = run("meson", "install", "-C", build, "--no-rebuild", *more, env={**os.environ, "DESTDIR": str(root)})
        assert done.returncode == 0, done.stdout + done.stderr
        self.root = root
        options = {o["name"]: o["value"] for o in json.loads(
            run("meson", "introspect", "--buildoptions", build).stdout)}
        self.prefix = Path(options["prefix"])
        self.bin = self.prefix / options["bindir"]
        self.etc = self.prefix / options["sysconfdir"]

    def at(self, path):
        """Where a path of the installed system lies."""
        return self.root / Path(path).relative_to("/")

    def files(self):
        return {"/" + str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def installed(build, tmp_path_factory):
    return Installed(build, tmp_path_factory.mktemp("root"))


def directives(unit):
    """Every NAME=VALUE of a unit, in order; sections do not matter here."""
    lines = [line for line in unit.read_text().splitlines() if line and line[0] not in "#["]
    assert all("=" in line for line in lines)
    return [tuple(line.split("=", 1)) for line in lines]


@pytest.fixture(params=PARTS)
def unit(request, installed):
    return installed.at(installed.prefix / f"lib/systemd/system/soc-{request.param}.service")


def value(unit, name):
    (found,) = [value for key, value in directives(unit) if key == name]
    return found


def test_everything_comes_to_its_place(installed):
    files = installed.files()
    wanted = [installed.bin / name for name in ("soc-agent", "soc-collector", "soc-ctl")]
    wanted += [installed.prefix / "lib" / folder for part in PARTS for folder in (
        f"systemd/system/soc-{part}.service", f"sysusers.d/soc-{part}.conf", f"tmpfiles.d/soc-{part}.conf")]
    wanted += [installed.etc / "soc-collector" / name for name in (
        "collector.yaml", "agencies.yaml", "enrich.yaml", "masking.yaml", "networks.yaml", "national/profile.yaml", "national/classes.yaml",
        "parsers/README.md", "parsers/mot-cua.yaml",
        "national/schemas/avreport.xsd")]
    wanted += [installed.etc / "soc-agent/agent.yaml"]
    assert {str(path) for path in wanted} <= files
    assert not [file for file in files if "test" in file or "mock" in file or "receiver" in file]
    assert installed.at(installed.etc / "soc-agent/yara").is_dir()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_comes_alone(build, part, tmp_path):
    files = Installed(build, tmp_path, "--tags", part).files()
    other = "soc-agent" if part == "collector" else "soc-collector"
    assert any(file.endswith(f"bin/soc-{part}") for file in files)
    assert not [file for file in files if f"{other}." in file or file.endswith(f"/{other}") or f"etc/{other}" in file]


def test_settings_of_an_operator_stay(build, tmp_path):
    first = Installed(build, tmp_path)
    mine = first.at(first.etc / "soc-collector/collector.yaml")
    theirs = mine.read_text()
    mine.write_text("log-level: debug\n")
    Installed(build, tmp_path)
    assert mine.read_text() == "log-level: debug\n"
    assert mine.with_name("collector.yaml.new").read_text() == theirs
    assert len(list(first.at(first.etc).rglob("*.new"))) == 1


def test_installed_settings_are_good_and_name_the_users(installed, program):
    settings = installed.at(installed.etc / "soc-collector/collector.yaml")
    done = run(program("soc-collector"), "check", "-c", settings)
    assert done.returncode == 0, done.stderr
    default = (harness.ROOT / "configs/collector.yaml").read_text().splitlines()
    changed = [line for line, was in zip(settings.read_text().splitlines(), default) if line != was]
    assert changed == ["    user: soc-collector", "    user: soc-signer"]


def test_units_start_what_was_installed_with_options_it_has(installed, unit):
    words = shlex.split(value(unit, "ExecStart"))
    assert words[0] == str(installed.bin / unit.stem)
    assert words[1] == "run" and words[2] == "-c"
    assert Path(words[3]) in [installed.etc / "soc-collector/collector.yaml", installed.etc / "soc-agent/agent.yaml"]
    assert installed.at(words[3]).is_file()
    help_text = run(installed.at(words[0]), "run", "--help").stdout
    assert "-c" in help_text
    # Whoever says Type=notify waits for ever for a program that does not know it.
    assert value(unit, "Type") == "notify" and value(unit, "NotifyAccess") == "main"
    assert "HUP" in value(unit, "ExecReload")
    assert "@" not in value(unit, "ExecStart")


def test_units_leave_little(unit):
    found = dict(directives(unit))
    for name in ("NoNewPrivileges", "ProtectControlGroups", "ProtectHostname", "ProtectKernelLogs",
                 "ProtectKernelModules", "ProtectKernelTunables", "RemoveIPC", "RestrictNamespaces",
                 "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality", "MemoryDenyWriteExecute"):
        assert found[name] == "yes", name
    assert found["ProtectSystem"] == "strict" and found["UMask"] == "0077"
    assert found["SystemCallArchitectures"] == "native"
    for call in ("seccomp", "landlock_restrict_self"):
        assert call in found["SystemCallFilter"].split()
    assert not set(found["CapabilityBoundingSet"].split()) & {"CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_SYS_PTRACE"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_systemd_finds_no_mistake(installed, unit, tmp_path):
    """With the programs where they were built, the units are what systemd takes."""
    words = shlex.split(value(unit, "ExecStart"))
    text = unit.read_text().replace(f"ExecStart={words[0]}", f"ExecStart={installed.at(words[0])}")
    (tmp_path / unit.name).write_text(text)
    done = run("systemd-analyze", "verify", "--man=no", tmp_path / unit.name)
    assert done.returncode == 0 and unit.name not in done.stderr, done.stderr
    done = run("systemd-analyze", "security", "--offline=yes", "--threshold=35", tmp_path / unit.name)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None or os.geteuid() != 0, reason="needs systemd-sysusers and root")
def test_users_and_folders_are_made(build, tmp_path):
    installed = Installed(build, tmp_path)
    (tmp_path / "etc").mkdir(exist_ok=True)
    shutil.copytree(installed.at(installed.prefix) / "lib/sysusers.d", tmp_path / "usr/lib/sysusers.d", dirs_exist_ok=True)
    shutil.copytree(installed.at(installed.prefix) / "lib/tmpfiles.d", tmp_path / "usr/lib/tmpfiles.d", dirs_exist_ok=True)
    done = run("systemd-sysusers", f"--root={tmp_path}")
    assert done.returncode == 0 and "valid" not in done.stderr, done.stderr
    users = {line.split(":")[0]: int(line.split(":")[2]) for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    assert {"soc-agent", "soc-collector", "soc-signer"} <= set(users)
    done = run("systemd-tmpfiles", f"--root={tmp_path}", "--create")
    assert done.returncode == 0, done.stderr
    for folder, user in (("run/soc-collector", "soc-collector"), ("var/lib/soc-collector", "soc-collector"),
                         ("var/lib/soc-agent", "soc-agent")):
        assert (tmp_path / folder).stat().st_uid == users[user]


def test_the_operators_guide_names_what_there_is(installed, program):
    """Every command, option, setting and counter it mentions exists."""
    text = (harness.ROOT / "deploy/README.md").read_text()
    for line in re.findall(r"^    (soc-ctl .*)$", text, re.M):
        for command in re.split(r"\s{2,}#.*?(?=soc-ctl|$)", line):
            words = shlex.split(command)
            if not words:
                continue
            groups = ("alerts", "feed", "maintenance", "pki", "suppress", "watch")
            verb = [word for word in words[1:3] if re.fullmatch("[a-z]+", word)][:2 if words[1] in groups else 1]
            done = run(program("soc-ctl"), *verb, "--help")
            assert done.returncode == 0, command
            for option in re.findall(r"--[a-z]+", command):
                assert f"{option} " in done.stdout, command
    for command in set(re.findall(r"`?(soc-(?:collector|agent)) ([a-z-]+) -c", text)):
        assert run(program(command[0]), command[1], "--help").returncode == 0, command
    known = "\n".join(path.read_text() for folder in ("collector", "agent", "common")
                      for path in (harness.ROOT / folder).rglob("*.[ch]"))
    settings = (harness.ROOT / "configs/collector.yaml").read_text() + (harness.ROOT / "configs/agent.yaml").read_text()
    for name in set(re.findall(r"`([a-z]+\.[a-z_-]+(?:\.[a-z_]+)?)", text)) - {"agencies.yaml", "collector.yaml"}:
        if name.startswith(("filebeat.", "json.", "winlogbeat.")):
            continue  # their own settings
        last = name.rsplit(".", 1)[1]
        file = harness.ROOT / "configs" / name
        assert f'"{name}"' in known or f'"{last}"' in known or f"{last}:" in settings or file.exists() or (
            last in ("pem", "key")), name


def held(settings):
    """As setpriv(1) names capabilities."""
    return ",".join(["-all", *("+" + name.removeprefix("CAP_").lower() for name in settings.split())])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give it up")
def test_the_agent_reads_all_and_writes_little_with_what_its_unit_leaves_it(stack, installed):
    """The capabilities of the unit, on a log that belongs to root alone."""
    found = dict(directives(installed.at(installed.prefix / "lib/systemd/system/soc-agent.service")))
    agent = stack.agent(2, 1)
    stack.start_collector()
    log = agent.logs / "a.log"
    log.write_text("only root reads this\n")
    log.chmod(0o600)
    agent.state.mkdir(mode=0o700)
    os.chown(agent.state, 1, 1)
    process = stack.processes.start(
        "setpriv", "--reuid=1", "--regid=1", "--clear-groups", "--no-new-privs",
        f"--bounding-set={held(found['CapabilityBoundingSet'])}", f"--inh-caps={held(found['AmbientCapabilities'])}",
        f"--ambient-caps={held(found['AmbientCapabilities'])}", stack.program("soc-agent"), "run", "-c", agent.path,
        name="agent")
    harness.wait_until("the line is stored", lambda: (stack.ledger(2, 1) or (0,))[0] >= 1, 20)
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert re.search(r"^CapBnd:\s+0*4$", status, re.M) and re.search(r"^Uid:\s+1\s", status, re.M)
    assert process.stop(20) == 0
