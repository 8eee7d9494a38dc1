"""The layout checks find what they promise to find."""
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import check_words  # noqa: E402


def run(script, *args):
    return subprocess.run(
        [sys.executable, str(HERE / script), *map(str, args)], capture_output=True, text=True
    )


@pytest.fixture
def tree(tmp_path):
    """A small tree in order; returns a function that adds a file to it."""
    rules = tmp_path / "tests/layout/layers.txt"
    rules.parent.mkdir(parents=True)
    rules.write_text((HERE / "layers.txt").read_text())

    def add(name, text=""):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return tmp_path

    add("common/slice.h")
    return add


ALLOWED = [
    ("agent/spool.c", '#include "common/slice.h"'),
    ("agent/inputs/file_tail.c", '#include "agent/spool.h"'),
    ("collector/store/writer.c", '#include "collector/record/batch.h"'),
    ("collector/normalize/parsers/cef.c", '#include "collector/normalize/parser.h"'),
    ("collector/forward/outbox.c", '#include "collector/national/message.h"'),
    ("collector/console/http.c", '#include "collector/report/report.h"'),
    ("collector/pipeline.c", '#include "collector/console/http.h"'),
    ("collector/main.c", "#include <event2/event.h>"),
]
REFUSED = [
    ("common/slice.c", '#include "collector/record/batch.h"'),
    ("agent/spool.c", '#include "collector/record/batch.h"'),
    ("collector/ctl/main.c", '#include "collector/store/store.h"'),
    ("collector/ingest/agents/session.c", '#include "collector/normalize/normalize.h"'),
    ("collector/national/alert.c", '#include "collector/fleet/ca.h"'),
    ("collector/store/writer.c", '#include "collector/ingest/agents/session.h"'),
    ("collector/store/writer.c", '#include "collector/pipeline.h"'),
    ("collector/forward/outbox.c", '#include "collector/report/report.h"'),
    ("collector/pipeline.c", '#include "agent/spool.h"'),
    ("common/slice.c", '#include "slice.h"'),
    ("common/slice.c", '#include "common/../agent/spool.h"'),
    ("common/slice.c", "#include <common/slice.h>"),
    ("collector/extra/x.c", ""),
    ("notes.txt", ""),
]


@pytest.mark.parametrize("name,text", ALLOWED)
def test_layers_allow(tree, name, text):
    done = run("check_layers.py", tree(name, text + "\n"))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name,text", REFUSED)
def test_layers_refuse(tree, name, text):
    done = run("check_layers.py", tree(name, text + "\n"))
    assert done.returncode == 1
    assert f"{name}:1: " in done.stdout


def test_layers_refuse_an_empty_tree(tmp_path):
    (tmp_path / "tests/layout").mkdir(parents=True)
    (tmp_path / "tests/layout/layers.txt").write_text("0 common\n")
    assert run("check_layers.py", tmp_path).returncode == 1


def test_words_finds_calls_only():
    text = """/* strcpy(a, b) */ // atoi(x)
const char *s = "system(\\"x\\")"; int c = '"';
x->system(1); y.gets(); my_atoi(2); long system_id(void);
strcpy (a, b); n = atoi(x);
/* two
lines */ popen("ls", "r");
"""
    found = check_words.check_text("x.c", text)
    assert [line.split(":")[1] for line in found] == ["4", "4", "6"]


GOOD = ["-O2", "-fPIE", "-pie", "-fstack-protector-strong", "-U_FORTIFY_SOURCE",
        "-D_FORTIFY_SOURCE=2", "-fcf-protection=full", "-Wl,-z,relro,-z,now,-z,noexecstack"]
BROKEN = [
    ("position independent", ["-no-pie", "-fno-pie"]),
    ("RELRO", ["-Wl,-z,norelro"]),
    ("BIND_NOW", ["-Wl,-z,lazy"]),
    ("executable stack", ["-Wl,-z,execstack"]),
    ("RPATH", ["-Wl,-rpath,/opt/lib"]),
    ("stack protector", ["-fno-stack-protector"]),
    ("FORTIFY", ["-U_FORTIFY_SOURCE"]),
    ("control-flow marks", ["-fcf-protection=none"]),
]
PROGRAM = """
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
	char text[64];
	memset(text, 0, sizeof(text));
	snprintf(text, sizeof(text) - 1, "%s", argv[argc - 1]);
	char copy[32];
	memcpy(copy, argv[0], strlen(argv[0]));
	return puts(text) + copy[0];
}
"""


def compiled(tmp_path, flags):
    source, binary = tmp_path / "x.c", tmp_path / "x"
    source.write_text(PROGRAM)
    subprocess.run(["gcc", *flags, "-o", binary, source], check=True, capture_output=True)
    return binary


def test_hardening_accepts_the_full_set(tmp_path):
    done = run("check_hardening.py", compiled(tmp_path, GOOD))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("word,flags", BROKEN)
def test_hardening_sees_each_missing_property(tmp_path, word, flags):
    done = run("check_hardening.py", compiled(tmp_path, GOOD + flags))
    assert done.returncode == 1
    assert word in done.stdout


# ---- documents --------------------------------------------------------------------

ROOT = HERE.parent.parent
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "collector/README.md", "deploy/README.md", "agent/README.md",
             "common/README.md", "configs/national/README.md", "tests/README.md"]
# What stands for a name, and what does not exist yet and is said to be so.
PLACEHOLDERS = re.compile(r"(^|/)(test_)?x(\.[ch]|/|$)|NAME|DIR|[*<>{}$]|collector/console/")


def named_paths(text):
    """Paths of the tree: links, and `words/with/slashes` that begin at a folder of the root."""
    yield from (link for link in re.findall(r"\]\(([^)#:]+)\)", text))
    for code in re.findall(r"`([^`\n]+)`", text):
        for word in code.split():
            if "::" in word:  # a test; fault/test_table.py looks after those
                continue
            if re.match(r"(agent|collector|common|configs|deploy|tests)/", word) and not PLACEHOLDERS.search(word):
                yield "/" + word


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_name_files_that_are_there(name):
    document = ROOT / name

    def is_there(path):
        place = ROOT / path[1:] if path[0] == "/" else document.parent / path
        return any(place.with_name(place.name + end).exists() for end in ("", ".c"))  # seglog is a pair of files

    missing = [path for path in named_paths(document.read_text()) if not is_there(path)]
    assert not missing


def test_functions_of_the_walk_are_where_it_says():
    """collector/README.md: each step names a file and its function."""
    text = (ROOT / "collector/README.md").read_text()
    steps = re.findall(r"`(collector/[\w/]+\.c)` (\w+)", text.split("## A walk")[1].split("\n## ")[0])
    assert len(steps) >= 8
    for file, function in steps:
        assert re.search(rf"\b{function}\(", (ROOT / file).read_text()), (file, function)


def test_commands_of_the_readme_do_what_they_say():
    """Those that look and change nothing; the others have parts of tests/run of their own."""
    text = (ROOT / "README.md").read_text()
    for path in re.findall(r"^    ((?:deploy|tests)/\S+)", text, re.M):
        done = subprocess.run([ROOT / path, "--help"], capture_output=True, text=True)
        assert done.returncode == 0 and "usage:" in done.stdout, path
