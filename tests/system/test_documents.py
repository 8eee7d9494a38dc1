"""What the README tells a newcomer to type works, and shows what it promises."""
import json
import re
import subprocess

import harness


def test_the_parts_by_hand(build, tmp_path):
    """All but installing, building and the unit tests, which are parts of tests/run."""
    text = (harness.ROOT / "README.md").read_text()
    block = re.search(r"^The parts by hand.*?\n\n((?:    .*\n)+)", text, re.M).group(1)
    commands = [line for line in block.splitlines() if "install-deps" not in line and "meson test" not in line]
    assert len(commands) == 3
    script = "set -eo pipefail\n" + "\n".join(commands).replace("build/", f"{build}/")
    done = subprocess.run(["bash", "-c", script], cwd=harness.ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    checked, record = done.stdout.splitlines()
    assert checked == "configs/collector.yaml: good"
    record = json.loads(record)
    assert (record["source.ip"], record["user.name"], record["event.outcome"]) == ("192.0.2.7", "root", "failure")
    assert record["soc.parse_status"] == "ok"
