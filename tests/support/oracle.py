"""Who issued what, and whether the store holds exactly that.

A source issues numbered lines `id|f(id)`: the name of the source and the number stand in
the line, and a sum over both. After the faults have stopped, the export of the store is
compared with what was issued and what was acknowledged:

    I1  every acknowledged line is stored         I2  no line that was not issued
    I3  its bytes are those that were issued      I4  once
    I5  in the order of its source                I7  sequences = stored + declared
    I6  what was counted = what is stored         I8  under the agency and host of the
                                                      certificate that delivered it
"""
import contextlib
import hashlib
import json
import re
import sqlite3
import subprocess
import time
from collections import defaultdict

PATTERN = re.compile(rb"oracle (?P<source>[a-z0-9-]+)\|(?P<number>\d{9})\|(?P<sum>[0-9a-f]{16})")
# Three hours ago in the province's time: the windows of it are complete.
HAPPENED = time.time() - 3 * 3600
STAMP = time.strftime("%b %e %H:%M:%S", time.gmtime(HAPPENED + 7 * 3600)).encode()
PROGRAMS = (b"sshd", b"cron", b"kernel", b"nginx", b"app")


def line(source, number, size=0):
    """Line `number` of a source, without its end; at least `size` bytes."""
    digest = hashlib.blake2b(b"%s|%09d" % (source.encode(), number), digest_size=8).hexdigest()
    program = PROGRAMS[number % len(PROGRAMS)]
    text = b"%s host %s[%d]: oracle %s|%09d|%s" % (
        STAMP, program, number % 30000 + 1, source.encode(), number, digest.encode())
    return text.ljust(size, b".")


def lines(source, first, count, size=0):
    return [line(source, n, size) for n in range(first, first + count)]


class Source:
    def __init__(self, name, agency, host, size=0):
        self.name, self.agency, self.host, self.size = name, agency, host, size
        self.issued = 0   # lines 1..issued may be stored
        self.owed = 0     # lines 1..owed have to be
        self.missing_allowed = 0  # of those owed, so many may be declared instead
        self.newest, self.read_to = 0, None  # of what read_newest() found so far; its last commit

    def issue(self, count):
        """The next lines of the source."""
        made = lines(self.name, self.issued + 1, count, self.size)
        self.issued += count
        return made


class Finding(AssertionError):
    pass


class Stored:
    """What the store holds: the lines of sources, the streams, the rest."""

    def __init__(self, entries):
        self.lines = defaultdict(list)   # source -> [(number, entry)] as stored
        self.streams = defaultdict(list)  # (agency, host, lane, epoch) -> [(first, count, kind)]
        self.strange = []                # records of kind log that no source wrote
        self.gaps = []
        self.states = defaultdict(int)   # event.action of what agents say about themselves
        self.notes = defaultdict(int)    # of what the collector says
        self.counts = defaultdict(int)   # (agency, what) -> what statistics should say
        for entry in entries:
            self.take(entry)

    def take(self, entry):
        kind = entry["kind"]
        if kind in ("lost", "damaged"):
            raise Finding(f"the store lost records: {entry}")
        stream = entry["stream"]
        key = (stream["agency"], stream["host"], stream["lane"], stream["epoch"])
        count = entry.get("count", 1)
        self.streams[key].append((entry["sequence"], count, kind))
        if kind == "gap":
            self.gaps.append(entry)
            self.counts[stream["agency"], "gaps"] += 1
            self.counts[stream["agency"], "missing"] += count
            return
        self.count(kind, entry["record"])
        if kind == "log":
            self.take_line(entry)
        elif kind == "agent":
            self.states[entry["record"].get("event.action", "?")] += 1
        elif kind == "note":
            self.notes[entry["record"].get("event.action", "?")] += 1

    def count(self, kind, record):
        agency = record.get("soc.agency")
        if kind in ("log", "hit"):
            self.counts[agency, "records"] += 1
            if record.get("soc.parse_status") == "unknown":
                self.counts[agency, "unknown"] += 1
        if agency and record.get("soc.class", "none") != "none":
            self.counts[agency, "findings" if kind == "finding" else "events"] += 1

    def take_line(self, entry):
        raw = original(entry)
        found = PATTERN.search(raw)
        if found is None:
            self.strange.append(raw)
        else:
            self.lines[found["source"].decode()].append((int(found["number"]), raw, entry))

    def declared(self, agency=None, host=None):
        return sum(gap["count"] for gap in self.gaps
                   if agency is None or (gap["stream"]["agency"], gap["stream"]["host"]) == (agency, host))


def original(entry):
    """The exact bytes of a stored line."""
    if "original_hex" in entry:
        return bytes.fromhex(entry["original_hex"])
    return entry["record"]["event.original"].encode()


def read_store(collector, *where):
    """`soc-collector export`, read line by line."""
    with subprocess.Popen([collector, "export", *map(str, where)], stdout=subprocess.PIPE) as run:
        stored = Stored(json.loads(text) for text in run.stdout)
    if run.returncode != 0:
        raise Finding(f"soc-collector export ended with {run.returncode}")
    return stored


def read_newest(collector, settings, source):
    """The highest number of the source's lines in the store; reads on from where it was."""
    where = ["--from", str(source.read_to)] if source.read_to is not None else []
    with subprocess.Popen([collector, "export", "-c", str(settings), *where], stdout=subprocess.PIPE) as run:
        for text in run.stdout:
            entry = json.loads(text)
            source.read_to = entry.get("commit", source.read_to)
            found = PATTERN.search(original(entry)) if entry["kind"] == "log" else None
            if found and found["source"].decode() == source.name:
                source.newest = max(source.newest, int(found["number"]))
    return source.newest


def read_statistics(derive_db):
    """{(agency, what): sum over all windows}, zeros left out."""
    counts = {}
    with contextlib.closing(sqlite3.connect(f"file:{derive_db}?mode=ro", uri=True, timeout=10)) as db:
        for table, names in (("quality", ("records", "unknown", "gaps", "missing")),
                             ("counts", ("events", "findings"))):
            sums = ", ".join(f"sum({name})" for name in names)
            for agency, *values in db.execute(f"SELECT agency, {sums} FROM {table} GROUP BY agency"):
                counts.update({(agency, name): n for name, n in zip(names, values) if n})
    return counts


def windows(derive_db):
    """Starts of the five-minute windows in which anything was counted."""
    with contextlib.closing(sqlite3.connect(f"file:{derive_db}?mode=ro", uri=True, timeout=10)) as db:
        return [start for (start,) in db.execute("SELECT DISTINCT start FROM quality")]


def check_statistics(stored, derive_db):
    """I6, when everything stored has been derived."""
    counted, expected = read_statistics(derive_db), dict(stored.counts)
    if counted != expected:
        differ = {key: (counted.get(key, 0), expected.get(key, 0))
                  for key in set(counted) | set(expected) if counted.get(key, 0) != expected.get(key, 0)}
        raise Finding(f"I6 counted, stored: {differ}")


def shown(numbers, most=10):
    numbers = sorted(numbers)
    return f"{numbers[:most]}{' …' if len(numbers) > most else ''} ({len(numbers)})"


def check_source(source, found, duplicates_allowed=False):
    """Returns what is wrong with the stored lines of a source, in words."""
    wrong = []
    numbers = [number for number, _, _ in found]
    unique = set(numbers)
    beyond = {n for n in unique if not 1 <= n <= source.issued}
    if beyond:
        wrong.append(f"I2 never issued: {shown(beyond)}")
    missing = set(range(1, source.owed + 1)) - unique
    if len(missing) > source.missing_allowed:
        wrong.append(f"I1 owed and not stored: {shown(missing)}, "
                     f"{source.missing_allowed} of them declared")
    if len(unique) != len(numbers) and not duplicates_allowed:
        again = {n for n in unique if numbers.count(n) > 1}
        wrong.append(f"I4 stored more than once: {shown(again)}")
    if any(a >= b for a, b in zip(numbers, numbers[1:])) and not duplicates_allowed:
        at = next(i for i, (a, b) in enumerate(zip(numbers, numbers[1:])) if a >= b)
        wrong.append(f"I5 order: {numbers[max(at - 2, 0):at + 4]}")
    changed = {n for n, raw, _ in found if raw != line(source.name, n, source.size)}
    if changed:
        wrong.append(f"I3 other bytes than issued: {shown(changed)}")
    owners = {(e["stream"]["agency"], e["stream"]["host"], e["record"].get("soc.agency"))
              for _, _, e in found}
    if owners - {(source.agency, source.host, source.agency)}:
        wrong.append(f"I8 under another agency or host: {owners}")
    return [f"{source.name}: {words}" for words in wrong]


def check_streams(stored):
    """I7: of every stream the sequences run on without hole or overlap."""
    wrong = []
    for key, spans in stored.streams.items():
        if key[0] == 0:  # the collector's own
            continue
        expected = None
        for first, count, kind in sorted(spans):
            if expected is not None and first != expected:
                wrong.append(f"I7 stream {key}: {kind} at {first}, expected {expected}")
                break
            expected = first + count
    return wrong


def check(stored, sources, duplicates_allowed=False):
    """Raises Finding with everything that is wrong."""
    wrong = check_streams(stored)
    known = {source.name for source in sources}
    for name in set(stored.lines) - known:
        wrong.append(f"I2 lines of an unknown source {name}")
    if stored.strange:
        wrong.append(f"I2 lines nobody wrote: {stored.strange[:3]} ({len(stored.strange)})")
    for source in sources:
        wrong += check_source(source, stored.lines[source.name], duplicates_allowed)
    if wrong:
        raise Finding("\n".join(wrong))
