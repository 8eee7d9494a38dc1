#!/usr/bin/env python3
"""check_words - calls that have no place in this project

usage: check_words.py ROOT

Looks at every C file below common/, agent/, collector/, deploy/ and tests/, with
comments and literals taken out, and fails with file and line for each call of a
banned function.
"""
import re
import sys
from pathlib import Path

# function -> what to use instead
BANNED = {
    "strcpy": "strbuf or snprintf",
    "strncpy": "strbuf or memcpy",
    "strcat": "strbuf",
    "strncat": "strbuf",
    "sprintf": "snprintf or strbuf",
    "vsprintf": "vsnprintf or strbuf",
    "gets": "getline",
    "strtok": "slice functions",
    "strtok_r": "slice functions",
    "atoi": "a parser that sees errors",
    "atol": "a parser that sees errors",
    "atoll": "a parser that sees errors",
    "atof": "a parser that sees errors",
    "system": "posix_spawn with an argument list",
    "popen": "posix_spawn with an argument list",
    "alloca": "an arena",
    "tmpnam": "mkstemp",
    "tempnam": "mkstemp",
    "mktemp": "mkstemp",
}
CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
# Comments, string and character literals: replaced by as many newlines as they hold.
NOT_CODE = re.compile(
    r"//(?:\\\n|[^\n])*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S
)


def blank(match):
    return " " + "\n" * match.group().count("\n")


def check_text(name, text):
    found = []
    for number, line in enumerate(NOT_CODE.sub(blank, text).splitlines(), 1):
        for match in CALL.finditer(line):
            word = match.group(1)
            found.append(f"{name}:{number}: {word}() is banned; use {BANNED[word]}")
    return found


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = Path(sys.argv[1]).resolve()
    files = sorted(
        file
        for folder in ("common", "agent", "collector", "deploy", "tests")
        for file in (root / folder).rglob("*")
        if file.suffix in (".c", ".h", ".re") and file.is_file()
    )
    if not files:
        sys.exit(f"no C file below {root}")
    found = []
    for file in files:
        found += check_text(
            file.relative_to(root).as_posix(), file.read_text(errors="replace")
        )
    print("\n".join(found) if found else f"{len(files)} files: no banned call")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
