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
from array import array
from collections import Counter, defaultdict

PATTERN = re.compile(rb"oracle (?P<source>[a-z0-9-]+)\|(?P<number>\d{9})\|(?P<sum>[a-p]{16})")
# Three hours ago in the province's time: the windows of it are complete.
HAPPENED = time.time() - 3 * 3600
PROGRAMS = (b"sshd", b"cron", b"kernel", b"nginx", b"app")

TO_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def stamp(at):
    """As RFC 3164 has it, in the province's time."""
    return time.strftime("%b %e %H:%M:%S", time.gmtime(at + 7 * 3600)).encode()


STAMP = stamp(HAPPENED)


def line(source, number, size=0, stamped=STAMP):
    """Line `number` of a source, without its end; at least `size` bytes."""
    # Letters: sixteen digits may be a card, which the policy masks.
    digest = hashlib.blake2b(b"%s|%09d" % (source.encode(), number), digest_size=8).hexdigest()
    digest = digest.translate(TO_LETTERS)
    program = PROGRAMS[number % len(PROGRAMS)]
    text = b"%s host %s[%d]: oracle %s|%09d|%s" % (
        stamped, program, number % 30000 + 1, source.encode(), number, digest.encode())
    return text.ljust(size, b".")


class Source:
    def __init__(self, name, agency, host, size=0):
        self.name, self.agency, self.host, self.size = name, agency, host, size
        self.issued = 0   # lines 1..issued may be stored
        self.owed = 0     # lines 1..owed have to be
        self.missing_allowed = 0  # of those owed, so many may be declared instead
        self.newest, self.read_to = 0, None  # of what read_newest() found so far; its last commit
        self.stamps = [(0, STAMP)]  # (first number - 1, the stamp from there on)

    def happen(self, at):
        """The lines issued from now on tell that they were written then, in seconds."""
        self.stamps.append((self.issued, stamp(at)))

    def line(self, number):
        stamped = next(words for behind, words in reversed(self.stamps) if behind < number)
        return line(self.name, number, self.size, stamped)

    def issue(self, count):
        """The next lines of the source."""
        self.issued += count
        return [self.line(number) for number in range(self.issued - count + 1, self.issued + 1)]


class Finding(AssertionError):
    pass


class Lines:
    """The lines of a source as they are stored, in a few bytes each: a campaign has millions."""

    def __init__(self):
        self.numbers, self.marks = array("L"), array("q")  # marks: hashes of the bytes
        self.owners = set()  # (agency, host) that delivered, agency and level that were given

    def add(self, number, raw, entry):
        stream, record = entry["stream"], entry["record"]
        self.numbers.append(number)
        self.marks.append(hash(raw))
        self.owners.add((stream["agency"], stream["host"], record.get("soc.agency"), record.get("soc.level")))

    def __len__(self):
        return len(self.numbers)

    def __iter__(self):
        return zip(self.numbers, self.marks, self.marks)


class Stored:
    """What the store holds: the lines of sources, the streams, the rest."""

    def __init__(self, entries):
        self.lines = defaultdict(Lines)   # by source
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
        self.take_span(self.streams[key], entry["sequence"], count, kind)
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

    @staticmethod
    def take_span(spans, first, count, kind):
        """Neighbours of a kind become one."""
        if spans and spans[-1][0] + spans[-1][1] == first and spans[-1][2] == kind:
            spans[-1] = spans[-1][0], spans[-1][1] + count, kind
        else:
            spans.append((first, count, kind))

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
            self.lines[found["source"].decode()].add(int(found["number"]), raw, entry)

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


def late(derive_db):
    """{agency: records that were counted when they came}."""
    with contextlib.closing(sqlite3.connect(f"file:{derive_db}?mode=ro", uri=True, timeout=10)) as db:
        return {agency: n for agency, n in db.execute("SELECT agency, sum(late) FROM quality GROUP BY agency") if n}


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
    numbers = found.numbers
    unique = set(numbers)
    beyond = {n for n in unique if not 1 <= n <= source.issued}
    if beyond:
        wrong.append(f"I2 never issued: {shown(beyond)}")
    missing = set(range(1, source.owed + 1)) - unique
    if len(missing) > source.missing_allowed:
        wrong.append(f"I1 owed and not stored: {shown(missing)}, "
                     f"{source.missing_allowed} of them declared")
    if len(unique) != len(numbers) and not duplicates_allowed:
        again = {n for n, times in Counter(numbers).items() if times > 1}
        wrong.append(f"I4 stored more than once: {shown(again)}")
    if any(a >= b for a, b in zip(numbers, numbers[1:])) and not duplicates_allowed:
        at = next(i for i, (a, b) in enumerate(zip(numbers, numbers[1:])) if a >= b)
        wrong.append(f"I5 order: {list(numbers[max(at - 2, 0):at + 4])}")
    changed = {n for n, mark in zip(numbers, found.marks) if mark != hash(source.line(n))}
    if changed:
        wrong.append(f"I3 other bytes than issued: {shown(changed)}")
    owners = {owner[:3] for owner in found.owners}
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
