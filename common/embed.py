#!/usr/bin/env python3
"""embed.py OUT HEADER LIST BASE FILE... - C source of LIST, which HEADER declares: the files, named relative to BASE."""
import os
import sys

PER_LINE = 16


def array(number, content):
    rows = [content[at:at + PER_LINE] for at in range(0, len(content), PER_LINE)]
    lines = ["\t" + ", ".join(f"0x{byte:02x}" for byte in row) + "," for row in rows]
    return [f"static const unsigned char file_{number}[] = {{", *lines, "};", ""]


def main():
    out, header, name_of_list, base, *paths = sys.argv[1:]
    lines, table = [f'#include "{header}"', ""], []
    for number, path in enumerate(paths):
        with open(path, "rb") as file:
            content = file.read()
        lines += array(number, content)
        name = os.path.relpath(path, base)
        table.append(f'\t{{"{name}", {{(const char *)file_{number}, {len(content)}}}}},')
    lines += [f"const struct builtin_file {name_of_list}[] = {{", *table, "\t{0},", "};", ""]
    with open(out, "w", encoding="ascii") as file:
        file.write("\n".join(lines))


main()
