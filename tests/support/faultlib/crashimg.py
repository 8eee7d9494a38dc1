#!/usr/bin/env python3
"""crashimg - the disks that a power cut may leave, from a recorded I/O trace

usage: crashimg.py TRACE --out DIR [--images N] [--seed S] [--base DIR] [--point N]
                   [--check COMMAND] [--keep]
       crashimg.py TRACE --list

A trace is what libfault.so wrote (SOC_IOTRACE). An image is a folder as it may look
after the power went at some record of the trace:

  * of a file, everything before its last fsync or fdatasync is there; each later write
    is kept, dropped, or torn at 512 B or 4 KiB (pieces missing or zero), independently;
    each later change of size likewise;
  * of a folder, everything before its last fsync is there; each later create, rename and
    unlink is done or undone, independently, or in order up to some point; a rename is
    done whole or not at all.

--base DIR is a copy of the folder as it was before the program started (all durable);
without it the folder was empty. Images are numbered; the same seed gives the same ones.

With --check, COMMAND runs for each image through the shell, {image} being its folder and
{offset} the position in the trace where the power went; what the program had promised
before that position has to be in the image. A failing image stays and ends the run with
exit code 1; the others are removed unless --keep.
"""
import argparse
import os
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path

MAGIC = b"SOCIOT1\n"
HEADER = struct.Struct("<IcBHQQQ")
CREATED, TRUNCATED, KEEP_SIZE = 1, 2, 4
SECTORS = (512, 4096)


class Record:
    __slots__ = ("offset", "kind", "flags", "inode", "a", "b", "path", "data")

    def __str__(self):
        return (f"{self.offset:>10} {self.kind} flags={self.flags} inode={self.inode} a={self.a} "
                f"b={self.b} {self.path} {len(self.data)} bytes")


def read_trace(path):
    """The records of a trace; a record cut off at the end is left out."""
    data = memoryview(Path(path).read_bytes())
    if bytes(data[:len(MAGIC)]) != MAGIC:
        raise ValueError(f"{path}: no I/O trace")
    at, records = len(MAGIC), []
    while at + HEADER.size <= len(data):
        record = Record()
        size, kind, record.flags, path_len, record.inode, record.a, record.b = \
            HEADER.unpack_from(data, at)
        if size < HEADER.size or at + size > len(data):
            break
        body = at + HEADER.size
        record.kind = kind.decode()
        record.path = bytes(data[body:body + path_len]).decode()
        record.data = data[body + path_len:at + size]
        at += size
        record.offset = at  # where the trace stood when the operation was done
        records.append(record)
    return records


class File:
    """A file's bytes that are safe, and what happened to it since."""

    __slots__ = ("durable", "pending")

    def __init__(self, content=b""):
        self.durable = bytearray(content)
        self.pending = []  # ("W", offset, data) ("T", size) ("A", end)

    def sync(self):
        for change in self.pending:
            apply_change(self.durable, change)
        self.pending.clear()


def apply_change(content, change):
    kind, at = change[0], change[1]
    if kind == "W":
        data = change[2]
        if len(content) < at:
            content.extend(bytes(at - len(content)))
        content[at:at + len(data)] = data
    elif kind == "T":
        if at < len(content):
            del content[at:]
        else:
            content.extend(bytes(at - len(content)))
    elif kind == "A" and len(content) < at:
        content.extend(bytes(at - len(content)))


class Disk:
    """The state after a prefix of the trace: what is safe and what is open."""

    def __init__(self, base=None):
        self.entries = {}  # path -> File, or None for a folder; as the program sees it
        self.durable = {}  # the same, as it is safe on disk
        self.pending = []  # [(changes: {path: File | None | GONE}, folders)] in order
        self.by_inode = {}
        if base is not None:
            base = Path(base)
            for path in sorted(base.rglob("*")):
                name = path.relative_to(base).as_posix()
                self.entries[name] = None if path.is_dir() else File(path.read_bytes())
            self.durable = dict(self.entries)

    def change_names(self, changes):
        for path, what in changes.items():
            if what is GONE:
                self.entries.pop(path, None)
            else:
                self.entries[path] = what
        self.pending.append((changes, {parent(path) for path in changes}))

    def apply(self, record):
        kind, path = record.kind, record.path
        if kind == "O":
            self.opened(record)
        elif kind == "W":
            self.file(record).pending.append(("W", record.a, record.data))
        elif kind == "T":
            self.file(record).pending.append(("T", record.a))
        elif kind == "A":
            if not record.flags & KEEP_SIZE:
                self.file(record).pending.append(("A", record.a + record.b))
        elif kind == "S":
            self.file(record).sync()
        elif kind == "D":
            self.sync_folder(path)
        elif kind in ("R", "L"):
            new = bytes(record.data[:record.b]).decode()
            if path not in self.entries:
                raise ValueError(f"a new name for one that the trace does not know: {path}")
            if self.entries[path] is None:
                raise ValueError(f"a folder was renamed: {path}")
            file = self.entries[path]
            self.change_names({path: GONE, new: file} if kind == "R" else {new: file})
        elif kind in ("U", "N"):
            self.change_names({path: GONE})
        elif kind == "M":
            self.change_names({path: None})
        else:
            raise ValueError(f"unknown record {kind}")

    def opened(self, record):
        file = self.entries.get(record.path)
        if record.flags & CREATED or file is None:
            # A file that was there before the trace and is not in the base began empty.
            file = File()
            self.change_names({record.path: file})
        self.by_inode[record.inode] = file
        if record.flags & TRUNCATED:
            file.pending.append(("T", 0))

    def file(self, record):
        return self.by_inode[record.inode]

    def sync_folder(self, folder):
        """Makes the folder's own names safe.

        A rename between two folders becomes safe whole with either of them.
        """
        rest = []
        for changes, folders in self.pending:
            if folder in folders:
                self.settle(self.durable, changes)
            else:
                rest.append((changes, folders))
        self.pending = rest

    @staticmethod
    def settle(entries, changes):
        for path, what in changes.items():
            if what is GONE:
                entries.pop(path, None)
            else:
                entries[path] = what

    def image(self, choose):
        """{path: bytes, or None for a folder} after a power cut; `choose` decides."""
        entries = dict(self.durable)
        for changes, _ in choose.names(self.pending):
            self.settle(entries, changes)
        contents = {}
        for path, file in entries.items():
            # A name whose folder is not there is out of reach.
            if any(above not in entries for above in parents(path)):
                continue
            contents[path] = None if file is None else choose.content(file)
        return contents


GONE = object()


def parent(path):
    return path.rpartition("/")[0]


def parents(path):
    while path := parent(path):
        yield path


class Everything:
    """As if all had reached the disk."""

    @staticmethod
    def names(pending):
        return pending

    @staticmethod
    def content(file):
        content = bytearray(file.durable)
        for change in file.pending:
            apply_change(content, change)
        return content


class Nothing:
    """As if nothing had that was not forced."""

    @staticmethod
    def names(_pending):
        return ()

    @staticmethod
    def content(file):
        return file.durable


class AtRandom:
    """Independent choices; how much is lost differs from image to image."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.keep = self.random.choice((0.1, 0.5, 0.9))
        self.in_order = self.random.random() < 0.3
        self.made = {}  # a file with two names has one content

    def names(self, pending):
        if self.in_order:
            return pending[:self.random.randint(0, len(pending))]
        return [change for change in pending if self.random.random() < self.keep]

    def content(self, file):
        if id(file) not in self.made:
            content = bytearray(file.durable)
            pending = file.pending
            if self.in_order:
                cut = self.random.randint(0, len(pending))
                for change in pending[:cut]:
                    apply_change(content, change)
                pending = pending[cut:cut + 1]  # the one the power met
            for change in pending:
                self.perhaps(content, change)
            self.made[id(file)] = content
        return self.made[id(file)]

    def perhaps(self, content, change):
        luck = self.random.random()
        if luck < self.keep / 2:
            apply_change(content, change)
        elif luck < 0.5 + self.keep / 2 and change[0] == "W":
            self.tear(content, change[1], change[2])

    def tear(self, content, at, data):
        sector = self.random.choice(SECTORS)
        first = at // sector
        last = (at + len(data) - 1) // sector
        prefix = self.random.randint(first, last) if self.random.random() < 0.5 else None
        for number in range(first, last + 1):
            begin, end = max(number * sector, at), min((number + 1) * sector, at + len(data))
            if prefix is not None:
                fate = "kept" if number < prefix else "lost"
            else:
                fate = self.random.choice(("kept", "lost", "zero"))
            if fate == "kept":
                apply_change(content, ("W", begin, data[begin - at:end - at]))
            elif fate == "zero" and begin >= len(content):
                # The size had arrived before the bytes did.
                apply_change(content, ("W", begin, bytes(end - begin)))


class Image:
    def __init__(self, number, point, offset, contents):
        self.number, self.point, self.offset = number, point, offset
        self.contents = contents

    def write(self, folder):
        """Makes the image as a folder, which must not exist."""
        folder = Path(folder)
        folder.mkdir(parents=True)
        for path, content in sorted(self.contents.items()):
            if content is None:
                (folder / path).mkdir(exist_ok=True)
            else:
                (folder / path).write_bytes(content)
        return folder


def points(records, count, seed):
    """After which record the power goes, for each image, in ascending order."""
    rng = random.Random(seed)
    turns = [n for n, record in enumerate(records, 1) if record.kind in "SDRUTN"]
    chosen = []
    for _ in range(count):
        if turns and rng.random() < 0.5:
            chosen.append(max(0, rng.choice(turns) - rng.randint(0, 1)))
        else:
            chosen.append(rng.randint(0, len(records)))
    return sorted(chosen)


def images(records, count=100, seed=1, base=None, point=None):
    """Yields `count` images; the first two at a point are all and nothing."""
    chosen = points(records, count, seed) if point is None else [point] * count
    disk, done, here = Disk(base), 0, 0
    for number, at in enumerate(chosen):
        if at != done:
            here = 0
        while done < at:
            disk.apply(records[done])
            done += 1
        choose = (Everything, Nothing)[here] if here < 2 and point is not None else None
        if choose is None:
            # Elsewhere the two plain cases come up now and then.
            kind = random.Random(f"{seed}/{number}/kind").random()
            choose = (Everything if kind < 0.05 else Nothing if kind < 0.15
                      else AtRandom(f"{seed}/{number}"))
        here += 1
        offset = records[at - 1].offset if at else len(MAGIC)
        yield Image(number, at, offset, disk.image(choose))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trace")
    parser.add_argument("--out")
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--base")
    parser.add_argument("--point", type=int)
    parser.add_argument("--check")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    records = read_trace(args.trace)
    if args.list:
        for number, record in enumerate(records, 1):
            print(number, record)
        return 0
    if not args.out:
        parser.error("--out is needed")
    if not records:
        sys.exit(f"{args.trace}: an empty trace tests nothing")
    out = Path(args.out)
    for image in images(records, args.images, args.seed, args.base, args.point):
        folder = image.write(out / f"{image.number:05}")
        if args.check:
            command = args.check.replace("{image}", str(folder)).replace(
                "{offset}", str(image.offset))
            done = subprocess.run(command, shell=True)
            if done.returncode != 0:
                print(f"{folder}: exit {done.returncode}; power cut after record "
                      f"{image.point} of {len(records)}, trace position {image.offset}, "
                      f"seed {args.seed}", file=sys.stderr)
                return 1
            if not args.keep:
                shutil.rmtree(folder)
        else:
            print(folder, image.offset)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        os._exit(1)
