#!/usr/bin/env python3
"""score_normalize - normalization measured against what other projects expect of the same lines

usage: score_normalize.py [--misses N] [--only WORD] [--fields] COMMAND...
   eg: score_normalize.py build/collector/soc-collector normalize
       score_normalize.py --misses 20 --only nginx build/collector/soc-collector normalize

Reads $SOC_SHARED_DATA (default: shared/data beside the repository), feeds each oracle's lines
to COMMAND, prints recall and precision per product, their averages, and lines lost. --misses N
shows the first N of each product and field, --fields the fields missed most.
"""
import argparse
import os
import sys
from pathlib import Path

import oracle_crowdsec
import oracle_filebeat
import oracle_syslog
from scoring import Scorer

ROOT = Path(__file__).resolve().parents[2]
GROUPS = [
    ("Filebeat's expected documents", oracle_filebeat.cases),
    ("CrowdSec's parser assertions", oracle_crowdsec.cases),
    ("syslog vectors", oracle_syslog.cases),
]


def read_arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1], add_help=False)
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--fields", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    if not arguments.command:
        sys.exit(__doc__)
    return arguments


def main():
    arguments = read_arguments()
    data = Path(os.environ.get("SOC_SHARED_DATA", ROOT.parent / "shared/data"))
    if not data.is_dir():
        sys.exit(f"score_normalize: no data at {data}; set SOC_SHARED_DATA")
    scorer, averages = Scorer(arguments.command, arguments.misses, arguments.only), []
    for title, cases in GROUPS:
        before = set(scorer.products)
        for case in cases(data):
            if any(arguments.only in x.product for x in case.expected):
                scorer.run(case)
        added = sorted(set(scorer.products) - before)
        averages.append((title, *scorer.table(title, added)))
    if arguments.fields:
        for product, fields in sorted(scorer.missed.items()):
            print(f"{product}: " + ", ".join(f"{k} {n}" for k, n in fields.most_common(12)))
    print()
    for title, recall, precision in averages:
        print(f"{title}: recall {recall:.3f}, precision {precision:.3f}")
    print(f"lines: {scorer.fed} fed, {scorer.lost} lost")
    return 1 if scorer.lost else 0


if __name__ == "__main__":
    sys.exit(main())
