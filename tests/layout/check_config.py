#!/usr/bin/env python3
"""Fail when a file in configs/ is not what the program prints as its default settings.

usage: check_config.py PROGRAM FILE
"""
import difflib
import pathlib
import subprocess
import sys

program, file = sys.argv[1:]
printed = subprocess.run([program, "config"], check=True, capture_output=True, text=True).stdout
kept = pathlib.Path(file).read_text()
if printed == kept:
    sys.exit(0)
sys.stdout.writelines(difflib.unified_diff(
    kept.splitlines(True), printed.splitlines(True), file, f"{program} config"))
print(f"run: {program} config > {file}")
sys.exit(1)
