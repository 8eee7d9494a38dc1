#!/usr/bin/env python3
"""check_ecs - what the samples say, in the words of the Elastic Common Schema alone

usage: check_ecs.py FOLDER_OF_SAMPLES

Every name of every samples/PARSER/NAME.json is a field of the schema or stands in a name space of
our own; event.kind, category, type and outcome have allowed values, and every type is expected
of one of the event's categories. Reads $SOC_SHARED_DATA/schema/ecs (ecs_flat.yml); without it,
or without PyYAML, exits 77: skipped.
"""
import collections
import json
import os
import sys
from pathlib import Path

SCHEMA = "schema/ecs/generated/ecs/ecs_flat.yml"

# Names that are none of the schema: ours, those of Beats' modules, and "<event.module>.<name>",
# where a value stands whose name no field has.
OWN = ("soc.", "winlog.", "powershell.", "auditd.log.", "json.", "keyvalue.", "cef.extensions.",
       "leef.", "user.audit.", "user.filesystem.", "user.saved.")
# Reusable groups of fields the schema nests one level deep only: of a user's own groups.
NESTED = ("user.effective.group.", "user.target.group.")
LISTED = ("event.kind", "event.category", "event.type", "event.outcome")


def read_schema():
    try:
        import yaml
    except ImportError:
        return None
    path = Path(os.environ.get("SOC_SHARED_DATA", "/nonexistent")) / SCHEMA
    if not path.is_file():
        return None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open(encoding="utf-8") as file:
        return yaml.load(file, Loader=loader)


def values(event, name):
    value = event.get(name, [])
    return value if isinstance(value, list) else [value]


class Check:
    def __init__(self, schema):
        self.names = {name for name, field in schema.items() if field["type"] != "object"}
        self.allowed = {name: {x["name"] for x in schema[name]["allowed_values"]}
                        for name in LISTED}
        self.types = {x["name"]: set(x.get("expected_event_types", []))
                      for x in schema["event.category"]["allowed_values"]}
        self.wrong = collections.OrderedDict()

    def note(self, what, where):
        self.wrong.setdefault(what, where)

    def is_name(self, name, module):
        if name in self.names or name.startswith(OWN) or name.startswith(NESTED):
            return True
        return name.startswith(f"{module}.")

    def check_names(self, event, where):
        for name in event:
            if not self.is_name(name, event.get("event.module")):
                self.note(f"no field of the schema: {name}", where)

    def check_values(self, event, where):
        for name in LISTED:
            for value in set(values(event, name)) - self.allowed[name]:
                self.note(f"{name}: not an allowed value: {value}", where)

    def check_pairs(self, event, where):
        """Expectations are of categories that have any; a category without one takes all."""
        categories, types = values(event, "event.category"), set(values(event, "event.type"))
        expected = [self.types.get(x, set()) for x in categories]
        if not types or not categories or not all(expected):
            return
        for extra in sorted(types - set().union(*expected)):
            self.note(f"event.type {extra} is not expected of {'+'.join(categories)}", where)

    def check(self, event, where):
        self.check_names(event, where)
        self.check_values(event, where)
        self.check_pairs(event, where)


def main():
    schema = read_schema()
    if schema is None:
        print("check_ecs: skipped: no schema or no PyYAML")
        return 77
    check, n_lines = Check(schema), 0
    for path in sorted(Path(sys.argv[1]).glob("*/*.json")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            check.check(json.loads(line), f"{path.parent.name}/{path.name}:{number}")
            n_lines += 1
    for what, where in check.wrong.items():
        print(f"{where}: {what}")
    print(f"check_ecs: {n_lines} events, {len(check.wrong)} kinds of errors")
    return 1 if check.wrong or n_lines == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
