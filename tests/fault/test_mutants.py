"""Faults put into the programs on purpose are noticed; see tests/fault/run-mutants."""
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).with_name("run-mutants")


@pytest.mark.parametrize("options", [["--check"], ["--quick"], pytest.param([], marks=pytest.mark.campaign)])
def test_every_mutant_is_caught(options):
    done = subprocess.run([RUN, *options], capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_enough_mutants():
    assert len(list(RUN.with_name("mutants").glob("*.mutant"))) >= 10
