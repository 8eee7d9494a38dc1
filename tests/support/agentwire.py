"""The agent protocol (agent/README.md) spoken by tests: right, wrong, or half.

Written from the document and not from the C code, so that the two check each other.
"""
import contextlib
import ctypes
import os
import select
import socket
import ssl
import struct
import threading
import time

MAGIC = b"\xa5SOC"
HEADER_SEED = 0x50434F53
HELLO, HELLO_ACK, BATCH, GAP, ACK, HEARTBEAT, ORDER, GOODBYE = range(1, 9)
URGENT, BULK = 0, 1
LINE, HIT, INVENTORY, STATE = 1, 2, 3, 4
OVERLOAD, DUPLICATE = 6, 4

_zstd = ctypes.CDLL("libzstd.so.1")
_zstd.ZSTD_compressBound.restype = ctypes.c_size_t
_zstd.ZSTD_compressBound.argtypes = [ctypes.c_size_t]
_zstd.ZSTD_compress.restype = ctypes.c_size_t
_zstd.ZSTD_compress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t,
                                ctypes.c_int]


def compress(data, level=1):
    """One zstd frame."""
    room = _zstd.ZSTD_compressBound(len(data))
    out = ctypes.create_string_buffer(room)
    size = _zstd.ZSTD_compress(out, room, data, len(data), level)
    return out.raw[:size]


def _crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    return table


_CRC = _crc_table()


def crc32c(data, crc=0):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


# ---- frames -----------------------------------------------------------------------


def header(kind, size, flags=0, reserved=0):
    head = struct.pack("<4sBBHI", MAGIC, kind, flags, reserved, size)
    return head + struct.pack("<I", crc32c(head, HEADER_SEED))


def frame(kind, body):
    return header(kind, len(body)) + body


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack("<H", len(value)) + value


LATER = struct.pack("<H", 0)


def hello(lanes, boot_id=1, versions=(1, 1), wall_ns=None, host="test"):
    """lanes: (lane, epoch, first, next, acked, acked_crc) each."""
    wall_ns = time.time_ns() if wall_ns is None else wall_ns
    body = struct.pack("<HHQQ", *versions, wall_ns, boot_id)
    body += text("0.0") + text(host) + text("test") + bytes([len(lanes)])
    for lane in lanes:
        body += struct.pack("<BQQQQI", *lane)
    return frame(HELLO, body + LATER)


def batch(lane, epoch, first, count, chunk, crc=None):
    crc = crc32c(chunk) if crc is None else crc
    return frame(BATCH, struct.pack("<BQQII", lane, epoch, first, count, crc) + chunk)


def gap(lane, epoch, first, count, reason=1, lost=0, source=b""):
    return frame(GAP, struct.pack("<BQQIBQ", lane, epoch, first, count, reason, lost) + text(source))


def heartbeat(wall_ns=None):
    wall_ns = time.time_ns() if wall_ns is None else wall_ns
    return frame(HEARTBEAT, struct.pack("<QQQQQQQIIQQ", wall_ns, *[0] * 10) + LATER)


# ---- chunks -----------------------------------------------------------------------


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def near(delta):
    return varint((delta << 1 ^ delta >> 63) & (1 << 64) - 1)


def _counted(value):
    return varint(len(value)) + value


def raw_chunk(lines, source=b"/var/log/test", kind=LINE, read_ns=None, input=b"file"):
    """The inside of a chunk: all lines of one source, offsets one behind the other."""
    read_ns = time.time_ns() if read_ns is None else read_ns
    heads = bytes([kind | 32]) + varint(0) + near(read_ns) + varint(len(lines[0]))
    heads += b"".join(bytes([kind | 8 | 16 | 32]) + varint(len(line)) for line in lines[1:])
    sources = _counted(input) + _counted(source) + _counted(b"") + _counted(b"")
    sizes = struct.pack("<IIII", len(lines), 1, len(heads), len(sources))
    return sizes + b"".join(lines) + heads + sources


def seal(raw, zeros=None):
    packed = compress(raw)
    if zeros is None:
        zeros = 0
        while len(raw) > (64 << 10) + 200 * (4 + len(packed) + zeros):
            zeros += 256
    return struct.pack("<BBH", 1, 0, zeros) + packed + bytes(zeros)


def chunk(lines, **options):
    return seal(raw_chunk(lines, **options))


# ---- connections ------------------------------------------------------------------


class Ended(Exception):
    """The other side ended the connection, with or without GOODBYE."""

    def __init__(self, reason=None, words=""):
        super().__init__(f"goodbye {reason} {words}" if reason else words)
        self.reason = reason


class Connection:
    """One TLS connection to a collector; frames out, frames in."""

    def __init__(self, port, tls, timeout=10.0):
        plain = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.sock = tls.wrap_socket(plain)
        except (OSError, ssl.SSLError):
            plain.close()
            raise
        self.input = b""

    def send(self, data):
        self.sock.sendall(data)

    def pending(self, wait):
        """Whether a read would give something within that time."""
        if self.sock.pending():
            return True
        return bool(select.select([self.sock], [], [], wait)[0])

    def _fill(self, size):
        while len(self.input) < size:
            data = self.sock.recv(65536)
            if not data:
                raise Ended(words="end of stream")
            self.input += data

    def read(self):
        """The next frame, (type, body); GOODBYE is an exception."""
        self._fill(16)
        magic, kind, _, _, size, _ = struct.unpack("<4sBBHII", self.input[:16])
        if magic != MAGIC:
            raise Ended(words=f"no frame: {self.input[:16]!r}")
        self._fill(16 + size)
        body, self.input = self.input[16:16 + size], self.input[16 + size:]
        if kind == GOODBYE:
            raise Ended(body[0], body[7:].decode(errors="replace"))
        return kind, body

    def wait_for(self, wanted):
        while True:
            kind, body = self.read()
            if kind == wanted:
                return body

    def greet(self, *lanes, **options):
        """HELLO; returns [(lane, resume, stored, stored_crc)] and the window in bytes."""
        self.send(hello(lanes, **options))
        body = self.wait_for(HELLO_ACK)
        _, _, _, window, name = struct.unpack_from("<HQIIH", body)
        at = 20 + name
        return [struct.unpack_from("<BBQI", body, at + 1 + 14 * i) for i in range(body[at])], window

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass


def acks(body):
    """[(lane, epoch, stored)] of an ACK."""
    return [struct.unpack_from("<BQQ", body, 1 + 17 * i) for i in range(body[0])]


def tls_context(ca, cert=None, key=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # a collector's name is a URI; see common/tls.h
    context.load_verify_locations(ca)
    if cert:
        context.load_cert_chain(cert, key)
    return context


class Agent(threading.Thread):
    """An agent whose spool is the memory of the test: it never forgets, and notes ACKs.

    Its lines go out in entries, are sent again after every break from where HELLO_ACK
    says, and stay until acknowledged. `acked` is the last sequence acknowledged.
    """

    RETRY_S = 0.05

    def __init__(self, port, tls, lane=BULK, source=b"/var/log/test"):
        super().__init__(daemon=True)
        self.port, self.tls, self.lane, self.source = port, tls, lane, source
        self.epoch = int.from_bytes(os.urandom(8), "little") | 1
        self.boot_id = int.from_bytes(os.urandom(8), "little")
        self.entries = []  # (first, count, chunk) not acknowledged
        self.next, self.acked, self.acked_crc = 1, 0, 0
        self.sessions = 0
        self.goodbyes = []
        self.broken = []  # promises the collector broke; the agent has stopped then
        self.connection = None
        self.on_ack = lambda acked: None  # told of every step of `acked`, in this thread
        self._lock = threading.Lock()
        self._end = threading.Event()

    def offer(self, lines):
        """Takes lines as one entry; returns its last sequence."""
        entry = chunk(lines, source=self.source)
        with self._lock:
            self.entries.append((self.next, len(lines), entry))
            self.next += len(lines)
            return self.next - 1

    def offer_gap(self, count, reason=1, source=b""):
        with self._lock:
            self.entries.append((self.next, count, (reason, source)))
            self.next += count
            return self.next - 1

    def cut(self):
        """The connection is gone from one byte to the next, as by kill -9 of the sender."""
        connection = self.connection
        if connection:
            with contextlib.suppress(OSError):
                connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    def waiting(self):
        with self._lock:
            return len(self.entries)

    def stop(self):
        self._end.set()
        self.join(10)

    def run(self):
        while not self._end.is_set():
            connection = None
            try:
                connection = self.connection = Connection(self.port, self.tls)
                self._session(connection)
            except Ended as ended:
                if ended.reason:
                    self.goodbyes.append(ended.reason)
            except AssertionError as broken:
                self.broken.append(str(broken))
                return
            except (OSError, ssl.SSLError):
                pass
            if connection:
                connection.close()
            self._end.wait(self.RETRY_S)

    def _release(self, stored):
        with self._lock:
            while self.entries and self.entries[0][0] + self.entries[0][1] - 1 <= stored:
                first, count, entry = self.entries.pop(0)
                self.acked = first + count - 1
                self.acked_crc = crc32c(entry) if isinstance(entry, bytes) else 0
        self.on_ack(self.acked)
        if stored > self.acked:
            raise AssertionError(f"acknowledged {stored}, sent no more than {self.acked}")

    def _session(self, connection):
        first = self.entries[0][0] if self.entries else self.next
        offer = (self.lane, self.epoch, first, self.next, self.acked, self.acked_crc)
        ((_, resume, stored, _),), window = connection.greet(offer, boot_id=self.boot_id)
        if resume != 0 or stored < self.acked:
            raise AssertionError(f"the collector forgot: resume={resume} stored={stored}, "
                                 f"acknowledged {self.acked}")
        self._release(stored)
        self.sessions += 1
        sent = stored
        while not self._end.is_set():
            sent = self._send(connection, sent, window)
            while connection.pending(0.01):
                self._take(connection)

    def _send(self, connection, sent, window):
        with self._lock:
            entries = list(self.entries[:64])
        flying = 0
        for first, count, entry in entries:
            size = len(entry) if isinstance(entry, bytes) else 0
            if flying and flying + size > window:
                break
            flying += size
            if first <= sent:
                continue
            connection.send(batch(self.lane, self.epoch, first, count, entry)
                            if isinstance(entry, bytes)
                            else gap(self.lane, self.epoch, first, count, entry[0], 0, entry[1]))
            sent = first + count - 1
        return sent

    def _take(self, connection):
        kind, body = connection.read()
        if kind == ACK:
            for lane, epoch, stored in acks(body):
                if (lane, epoch) == (self.lane, self.epoch):
                    self._release(stored)
        elif kind == HEARTBEAT:
            connection.send(heartbeat())
