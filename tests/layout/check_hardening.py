#!/usr/bin/env python3
"""check_hardening - reads back from the binaries what the build flags promise

usage: check_hardening.py [--no-fortify] BINARY...

Fails with one line per missing property: position independent, full RELRO, no
executable stack, stack protector, FORTIFY, control-flow marks (x86-64), no text
relocation, no RPATH. --no-fortify is for builds without optimization.
"""
import argparse
import re
import subprocess
import sys


def tool(*command):
    done = subprocess.run(command, capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def has_control_flow_marks(binary):
    """IBT and SHSTK in the property note, or endbr64 where main begins.

    The linker writes the note only when every object has it; Debian's C start files
    have none, so there the code itself has to be looked at.
    """
    notes = tool("readelf", "-Wn", binary)
    if "IBT" in notes and "SHSTK" in notes:
        return True
    code = tool("objdump", "-d", "--no-show-raw-insn", "--disassemble=main", binary)
    begin = re.search(r"<main>:\n\s*[0-9a-f]+:\s*(\S+)", code)
    return begin is not None and begin.group(1) == "endbr64"


def missing(binary, fortify):
    header = tool("readelf", "-Wh", binary)
    segments = tool("readelf", "-Wl", binary)
    dynamic = tool("readelf", "-Wd", binary)
    symbols = tool("readelf", "-W", "--dyn-syms", binary)

    if not re.search(r"Type:\s+DYN", header) or "PIE" not in dynamic:
        yield "not position independent (PIE)"
    if "GNU_RELRO" not in segments:
        yield "no RELRO segment"
    if not re.search(r"\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\bNOW\b|\(BIND_NOW\)", dynamic):
        yield "not bound at start (BIND_NOW): RELRO is partial"
    stack = re.search(r"GNU_STACK(?:\s+0x[0-9a-f]+){5}\s+([RWE ]+?)\s+0x", segments)
    if stack is None or "E" in stack.group(1):
        yield "executable stack"
    if "TEXTREL" in dynamic:
        yield "relocations in code (TEXTREL)"
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        yield "search path for libraries inside (RPATH)"
    if "__stack_chk_fail" not in symbols:
        yield "no stack protector"
    if fortify and not re.search(r"\b__(?!stack)\w+_chk\b", symbols):
        yield "no FORTIFY (__*_chk)"
    if "X86-64" in header and not has_control_flow_marks(binary):
        yield "no control-flow marks (IBT, SHSTK)"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--no-fortify", action="store_true")
    parser.add_argument("binaries", nargs="+", metavar="BINARY")
    args = parser.parse_args()
    bad = 0
    for binary in args.binaries:
        for what in missing(binary, not args.no_fortify):
            print(f"{binary}: {what}")
            bad += 1
    if not bad:
        print(f"{len(args.binaries)} binaries: hardened")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
