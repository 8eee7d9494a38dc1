#!/usr/bin/env python3
"""check_layers - the rule of who may include whom, as a test

usage: check_layers.py ROOT

Reads ROOT/tests/layout/layers.txt and every C file below common/, agent/ and
collector/. Fails, with file and line, when a room includes a room above or beside
it, when an include of ours is not written from the root, when a folder belongs to
no room, and when the closed top level of the tree has something new in it.
"""
import re
import sys
from pathlib import Path

TOP_LEVEL = {
    "agent", "collector", "common", "configs", "deploy", "tests",
    "meson.build", "README.md", "LICENSE", "CONTRIBUTING.md",
}
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^">]+)[">]')
ALONE_MAY_INCLUDE = {"common"}


def read_rules(path):
    """room -> set of rooms it may include."""
    level_of, alone = {}, set()
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        level, rooms = words[0], words[1:]
        for room in rooms:
            if room in level_of or room in alone:
                sys.exit(f"{path}:{number}: {room} is named twice")
            if level == "alone":
                alone.add(room)
            elif level.isdigit():
                level_of[room] = int(level)
            else:
                sys.exit(f"{path}:{number}: '{level}' is neither a level nor 'alone'")
    rules = {
        room: {other for other, below in level_of.items() if below < level}
        for room, level in level_of.items()
    }
    rules.update({room: set(ALONE_MAY_INCLUDE) for room in alone})
    return rules


def room_of(name, rules):
    """The room of a file named from the root; None when it lies in no room.

    A file directly in collector/ belongs to the room `collector`; a folder of
    collector/ that no line of layers.txt names belongs to none.
    """
    folders = name.split("/")[:-1]
    if not folders:
        return None
    if folders[0] == "collector" and len(folders) > 1:
        room = "/".join(folders[:2])
    else:
        room = folders[0]
    return room if room in rules else None


def check_file(root, file, rules):
    name = file.relative_to(root).as_posix()
    here = room_of(name, rules)
    if here is None:
        return [f"{name}:1: its folder is no room in tests/layout/layers.txt"]
    found = []
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, target = match.groups()
        ours = target.split("/")[0] in ("common", "agent", "collector", "tests", "deploy")
        if quote == "<":
            if ours and (root / target).exists():
                found.append(f"{name}:{number}: write \"{target}\", not <{target}>")
            continue
        if not ours or "/" not in target or ".." in target.split("/"):
            found.append(f"{name}:{number}: '{target}' is not written from the root")
            continue
        there = room_of(target, rules)
        if there is None or (there != here and there not in rules[here]):
            found.append(f"{name}:{number}: {here} may not include {target}")
    return found


def check_top_level(root):
    return [
        f"{entry.name}:1: the top level of the tree is closed"
        for entry in sorted(root.iterdir())
        if not entry.name.startswith((".", "build"))
        and entry.name not in TOP_LEVEL
    ]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = Path(sys.argv[1]).resolve()
    rules = read_rules(root / "tests/layout/layers.txt")
    files = sorted(
        file
        for folder in ("common", "agent", "collector")
        for file in (root / folder).rglob("*")
        if file.suffix in (".c", ".h", ".re") and file.is_file()
    )
    if not files:
        sys.exit(f"no C file below {root}")
    found = check_top_level(root)
    for file in files:
        found += check_file(root, file, rules)
    print("\n".join(found) if found else f"{len(files)} files in {len(rules)} rooms: in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
