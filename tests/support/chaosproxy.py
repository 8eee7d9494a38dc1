"""A TCP proxy that behaves badly on order, for tests of what a network may do.

    proxy = ChaosProxy(("127.0.0.1", collector_port))
    agent connects to proxy.port
    proxy.up.cut_after(1000)      # connection reset after 1,000 more bytes to the server
    proxy.down.hold()             # nothing comes back any more (and .release())

`up` is towards the server, `down` towards the client; both have the same orders, which
apply to every connection, those open and those to come. The kernel here need know
nothing of it (no netem).
"""
import select
import socket
import struct
import threading
import time


class Way:
    """One direction, of all connections."""

    def __init__(self):
        self._lock = threading.Condition()
        self._held = False
        self.bytes = 0  # passed on so far
        self.delay_s = 0.0
        self.rate = None  # bytes per second
        self.piece = 65536  # most bytes passed on at once
        self.swallow = False
        self._cut_at = None
        self._flip_at = None

    def hold(self):
        """Reads nothing more: the sender's window fills, as with a stopped peer."""
        with self._lock:
            self._held = True

    def release(self):
        with self._lock:
            self._held = False
            self._lock.notify_all()

    def delay(self, ms):
        """Every piece arrives that much later."""
        self.delay_s = ms / 1000

    def throttle(self, bytes_per_second):
        self.rate = bytes_per_second

    def split(self, size=1):
        """Passes on at most that many bytes in one segment."""
        self.piece = size

    def blackhole(self, on=True):
        """Takes everything and passes on nothing."""
        self.swallow = on

    def cut_after(self, n):
        """Resets the connection that carries the n-th byte from now, right after it."""
        with self._lock:
            self._cut_at = self.bytes + n

    def flip_after(self, n):
        """Turns over a bit of the byte that follows the n-th from now."""
        with self._lock:
            self._flip_at = self.bytes + n

    def _wait(self, closed):
        with self._lock:
            while self._held and not closed.is_set():
                self._lock.wait(0.1)

    def _pass(self, data):
        """What of the data goes on, and whether the connection is cut after it."""
        with self._lock:
            begin, end = self.bytes, self.bytes + len(data)
            if self._flip_at is not None and begin <= self._flip_at < end:
                data = bytearray(data)
                data[self._flip_at - begin] ^= 0x10
                self._flip_at = None
            cut = self._cut_at is not None and self._cut_at <= end
            if cut:
                data = data[:self._cut_at - begin]
                self._cut_at = None
            self.bytes += len(data)
            return data, cut


class Connection:
    """Two threads, one a direction; the last to end closes both sockets.

    Nobody else may: a socket closed under a thread that waits in it stays open until
    the thread comes back, and no RST goes out.
    """

    LOOK_S = 0.05

    def __init__(self, proxy, client, server):
        self.client, self.server = client, server
        self.closed = threading.Event()
        self._running = 2
        self._lock = threading.Lock()
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
        for way, source, target in ((proxy.up, client, server), (proxy.down, server, client)):
            threading.Thread(target=self._run, args=(way, source, target), daemon=True).start()

    def _run(self, way, source, target):
        try:
            self._carry(way, source, target)
        except OSError:
            self.closed.set()
        with self._lock:
            self._running -= 1
            if self._running == 0:
                self.client.close()
                self.server.close()

    def _ready(self, sock, to_write=False):
        """Waits until the socket can be used; false when the connection is to end."""
        lists = ([], [sock], []) if to_write else ([sock], [], [])
        while not self.closed.is_set():
            if any(select.select(*lists, self.LOOK_S)):
                return True
        return False

    def _carry(self, way, source, target):
        while self._ready(source):
            way._wait(self.closed)
            data = source.recv(min(way.piece, 65536))
            way._wait(self.closed)
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            if way.delay_s:
                time.sleep(way.delay_s)
            if way.rate:
                time.sleep(len(data) / way.rate)
            if way.swallow:
                continue
            data, cut = way._pass(data)
            while data and self._ready(target, to_write=True):
                data = data[target.send(data):]
            if cut:
                self.reset()
                return

    def reset(self):
        """Ends both sides with RST; what the kernel still held is lost."""
        for sock in (self.client, self.server):
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
        self.close()

    def close(self):
        self.closed.set()


class ChaosProxy:
    def __init__(self, target, port=0):
        self.target = target
        self.up, self.down = Way(), Way()
        self.connections = []
        self._refusing = False
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self.accepted = 0
        self._ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self._ended:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            try:
                if self._refusing:
                    raise OSError
                server = socket.create_connection(self.target, timeout=5)
                server.settimeout(None)
            except OSError:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
                continue
            self.connections.append(Connection(self, client, server))

    def refuse(self, on=True):
        """New connections are reset at once."""
        self._refusing = on

    def reset_all(self):
        """Every open connection gets an RST on both sides."""
        for connection in self.connections:
            connection.reset()
        self.connections.clear()

    def close(self):
        self._ended = True
        for way in (self.up, self.down):
            way.release()
        self._listener.close()
        for connection in self.connections:
            connection.close()
