"""scoring - run the normalizer over cases, compare values field by field, count

A case is some lines fed to the program together, and what is expected of some of them. Recall
is the share of expected values that came out; precision the share of right ones among the
values that came out for the fields an oracle speaks about. What it is silent about counts as
`more`: neither right nor wrong.
"""
import ipaddress
import json
import re
import subprocess
import urllib.parse
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

LISTED = re.compile(
    r"@timestamp$|event\.(category|type|outcome|action)$"
    r"|(source|destination)\.(address|ip|port|domain)$"
    r"|(user|process|host|http|url|dns|file|rule|email)\."
)

ANY = "any"  # in the place of a field's name: values that may come out under any name


@dataclass
class Expectation:
    line: int  # index into the case's lines
    product: str
    values: dict  # field -> list of values
    status: frozenset = None  # parse states that are right, None = any


@dataclass
class Case:
    lines: list  # bytes without line ends
    expected: list
    options: tuple = ()  # of the command
    name: str = ""
    compare: dict = field(default_factory=dict)  # field -> function(wanted, got, line) -> bool
    contained: frozenset = frozenset()  # fields of which the oracle names some values, not all


@dataclass
class Counts:
    lines: int = 0
    wanted: int = 0
    found: int = 0  # of the wanted
    given: int = 0
    right: int = 0  # of the given
    more: int = 0  # given, but the oracle says nothing about the field
    states: Counter = field(default_factory=Counter)

    @property
    def recall(self):
        return self.found / self.wanted if self.wanted else 1.0

    @property
    def precision(self):
        return self.right / self.given if self.given else 1.0


def any_of(wanted, got):
    """Those of the wanted texts that are the value of some field."""
    values = {str(x).lower() for name, value in got.items() if name != "event.original" for x in as_list(value)}
    return [x for x in wanted if x.lower() in values]


def as_list(value):
    values = value if isinstance(value, list) else [value]
    return [x for x in values if x not in (None, "", "-")]


def moment(text):
    """Milliseconds since 1970 of an RFC 3339 text."""
    found = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)$", str(text))
    if not found:
        return text
    whole, fraction, zone = found.groups()
    offset = timedelta(0)
    if zone != "Z":
        sign = -1 if zone[0] == "-" else 1
        offset = sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    at = datetime.fromisoformat(whole).replace(tzinfo=timezone(offset))
    return int(at.timestamp()) * 1000 + int((fraction or "0").ljust(3, "0")[:3])


def plain(name, value):
    """A value in the form in which two writings of the same are equal."""
    if name == "@timestamp":
        return moment(value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if name.endswith((".ip", ".address")):
        try:
            address = ipaddress.ip_address(text.split("%")[0])
            return str(getattr(address, "ipv4_mapped", None) or address)
        except ValueError:
            return text.lower()
    if name in ("url.path", "url.query", "url.original"):
        return urllib.parse.unquote(text)
    if re.fullmatch(r"-?\d+\.0+", text):
        return text.split(".")[0]
    return text


class Scorer:
    """Counts by product; prints the first misses of each field."""

    def __init__(self, command, misses=0, only=""):
        self.command, self.misses, self.only = command, misses, only
        self.products = {}
        self.fed = self.lost = 0
        self.shown = Counter()
        self.missed = defaultdict(Counter)

    def run(self, case):
        out = self.feed(case)
        for expectation in case.expected:
            self.compare(case, expectation, out[expectation.line])

    def feed(self, case):
        """One dictionary a line; a missing one is counted as lost."""
        made = subprocess.run([*self.command, *case.options], input=b"".join(x + b"\n" for x in case.lines),
                              capture_output=True, check=False)
        out = [json.loads(x) for x in made.stdout.split(b"\n") if x]
        self.fed += len(case.lines)
        if made.returncode != 0 or len(out) != len(case.lines):
            print(f"{case.name}: {len(case.lines)} lines in, {len(out)} objects out, exit {made.returncode}")
            self.lost += abs(len(case.lines) - len(out)) or len(case.lines)
            out += [{}] * (len(case.lines) - len(out))
        return out

    def compare(self, case, expectation, got):
        counts = self.products.setdefault(expectation.product, Counts())
        counts.lines += 1
        counts.states[got.get("soc.parse_status", "lost")] += 1
        line = case.lines[expectation.line]
        if expectation.status is not None:
            right = got.get("soc.parse_status") in expectation.status
            self.count(counts, 1, right, 1, right)
            if not right:
                self.miss(expectation.product, "soc.parse_status", sorted(expectation.status), got.get("soc.parse_status"), line)
        for name, wanted in expectation.values.items():
            given = any_of(wanted, got) if name == ANY else as_list(got.get(name))
            self.compare_field(case, expectation.product, counts, name, as_list(wanted), given, line)
        counts.more += sum(len(as_list(v)) for k, v in got.items() if LISTED.match(k) and k not in expectation.values)

    @staticmethod
    def count(counts, wanted, found, given, right):
        counts.wanted += wanted
        counts.found += found
        counts.given += given
        counts.right += right

    def compare_field(self, case, product, counts, name, wanted, given, line):
        equal = case.compare.get(name) or (lambda a, b, _: plain(name, a) == plain(name, b))
        if name in case.contained:
            given = [g for g in given if any(equal(w, g, line) for w in wanted)] or given
        found = sum(any(equal(w, g, line) for g in given) for w in wanted)
        right = sum(any(equal(w, g, line) for w in wanted) for g in given)
        self.count(counts, len(wanted), found, len(given), right)
        if found < len(wanted) or right < len(given):
            self.miss(product, name, wanted, given, line)

    def miss(self, product, name, wanted, given, line):
        self.missed[product][name] += 1
        if self.only in product and self.shown[product, name] < self.misses:
            self.shown[product, name] += 1
            print(f"  {product}: {name}: want {wanted!r} got {given!r}\n      {line[:300]!r}")

    def table(self, title, products):
        """A line a product, then the averages over products; returns (recall, precision)."""
        print(f"\n{title:34} {'events':>6} {'wanted':>6} {'recall':>7} {'precis.':>7} {'more':>6}  states")
        rows = [self.products[x] for x in products]
        for product, row in zip(products, rows):
            states = " ".join(f"{k}:{v}" for k, v in sorted(row.states.items()))
            print(f"{product[:34]:34} {row.lines:6} {row.wanted:6} {row.recall:7.3f} {row.precision:7.3f} {row.more:6}  {states}")
        if not rows:
            return 1.0, 1.0
        recall = sum(x.recall for x in rows) / len(rows)
        precision = sum(x.precision for x in rows) / len(rows)
        print(f"{'average of ' + str(len(rows)):34} {'':6} {'':6} {recall:7.3f} {precision:7.3f}")
        return recall, precision
