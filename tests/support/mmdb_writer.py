#!/usr/bin/env python3
"""mmdb_writer - small MaxMind DB files for tests, after the published format specification 2.0

usage: mmdb_writer.py FILE.json FILE.mmdb

The JSON names what the file holds:

    {"type": "Test-City", "ip_version": 6, "record_size": 24, "build_epoch": 1793491200,
     "networks": {"1.52.0.0/14": {"country": {"iso_code": "VN"}}, ...}}

Networks may lie within one another: the longest counts. IPv4 networks of an IPv6 file stand
below ::/96, as the specification has it. Numbers become uint32. By hand of a test in Python:
`write(path, networks, type="Test")`.
"""
import ipaddress
import json
import struct
import sys

POINTER, TEXT, DOUBLE, BYTES, UINT16, UINT32, MAP, INT32, UINT64, UINT128, ARRAY = range(1, 12)
BOOLEAN = 14
MARKER = b"\xab\xcd\xefMaxMind.com"


def control(kind, size):
    """The control byte, the byte of an extended type, and the bytes of a size."""
    if size < 29:
        low, more = size, b""
    elif size < 285:
        low, more = 29, bytes([size - 29])
    elif size < 65821:
        low, more = 30, struct.pack(">H", size - 285)
    else:
        low, more = 31, struct.pack(">I", size - 65821)[1:]
    if kind <= 7:
        return bytes([kind << 5 | low]) + more
    return bytes([low, kind - 7]) + more


def number(kind, value):
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return control(kind, len(raw)) + raw


def encode(value):
    if isinstance(value, bool):
        return control(BOOLEAN, int(value))
    if isinstance(value, str):
        raw = value.encode()
        return control(TEXT, len(raw)) + raw
    if isinstance(value, int):
        return number(UINT32, value)
    if isinstance(value, list):
        return control(ARRAY, len(value)) + b"".join(map(encode, value))
    return control(MAP, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())


class Tree:
    """A node is a list of two: another node, None, or the number of an entry."""

    def __init__(self):
        self.root = [None, None]

    def put(self, bits, entry):
        node = self.root
        for bit in bits[:-1]:
            if not isinstance(node[bit], list):
                node[bit] = [node[bit], node[bit]]
            node = node[bit]
        node[bits[-1]] = entry

    def nodes(self):
        found, at = [self.root], 0
        while at < len(found):
            found += [child for child in found[at] if isinstance(child, list)]
            at += 1
        return found


def bits_of(network, ip_version):
    network = ipaddress.ip_network(network)
    width = network.max_prefixlen
    value, length = int(network.network_address), network.prefixlen
    if ip_version == 6 and width == 32:
        length, width = length + 96, 128
    if ip_version == 4 and width == 128:
        raise ValueError(f"{network} in an IPv4 file")
    return [value >> (width - 1 - i) & 1 for i in range(length)]


def record_bytes(left, right, size):
    if size == 24:
        return left.to_bytes(3, "big") + right.to_bytes(3, "big")
    if size == 28:
        middle = bytes([(left >> 24) << 4 | right >> 24])
        return (left & 0xffffff).to_bytes(3, "big") + middle + (right & 0xffffff).to_bytes(3, "big")
    return left.to_bytes(4, "big") + right.to_bytes(4, "big")


def build(networks, type="Test", ip_version=6, record_size=24, build_epoch=1793491200):
    tree, data, places = Tree(), b"", []
    for network, value in sorted(networks.items(), key=lambda item: ipaddress.ip_network(item[0]).prefixlen):
        tree.put(bits_of(network, ip_version), len(places))
        places.append(len(data))
        data += encode(value)
    nodes = tree.nodes()
    numbers = {id(node): i for i, node in enumerate(nodes)}

    def record(child):
        if child is None:
            return len(nodes)
        return numbers[id(child)] if isinstance(child, list) else len(nodes) + 16 + places[child]

    body = b"".join(record_bytes(record(a), record(b), record_size) for a, b in nodes)
    metadata = control(MAP, 9) + b"".join(encode(key) + value for key, value in {
        "binary_format_major_version": number(UINT16, 2),
        "binary_format_minor_version": number(UINT16, 0),
        "build_epoch": number(UINT64, build_epoch),
        "database_type": encode(type),
        "description": encode({"en": "made for a test"}),
        "ip_version": number(UINT16, ip_version),
        "languages": encode(["en"]),
        "node_count": number(UINT32, len(nodes)),
        "record_size": number(UINT16, record_size),
    }.items())
    return body + bytes(16) + data + MARKER + metadata


def write(path, networks, **more):
    with open(path, "wb") as out:
        out.write(build(networks, **more))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1]) as source:
        write(sys.argv[2], **json.load(source))


if __name__ == "__main__":
    main()
