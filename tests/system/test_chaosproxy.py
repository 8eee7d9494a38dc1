"""The bad network does what is ordered."""
import socket
import threading
import time

import pytest

import harness


@pytest.fixture
def echo():
    """A server that sends back what it gets; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(peer):
        with peer:
            try:
                while data := peer.recv(65536):
                    peer.sendall(data)
            except OSError:
                pass

    def accept():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(peer,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@pytest.fixture
def line(echo, chaos_proxy):
    """(proxy, socket connected through it)"""
    proxy = chaos_proxy(echo)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as sock:
        yield proxy, sock


def receive(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            break
        data += more
    return data


def silent(sock, seconds=0.2):
    sock.settimeout(seconds)
    try:
        sock.recv(1)
        return False
    except TimeoutError:
        return True
    finally:
        sock.settimeout(5)


def test_bytes_pass_whole_both_ways(line):
    proxy, sock = line
    text = bytes(range(256)) * 300
    threading.Thread(target=sock.sendall, args=(text,)).start()
    assert receive(sock, len(text)) == text
    assert proxy.up.bytes == proxy.down.bytes == len(text)
    sock.shutdown(socket.SHUT_WR)
    assert sock.recv(1) == b""


def test_a_held_way_goes_on_later(line):
    proxy, sock = line
    proxy.down.hold()
    sock.sendall(b"late")
    assert silent(sock)
    proxy.down.release()
    assert receive(sock, 4) == b"late"


def test_a_cut_ends_in_a_reset_after_the_byte(line):
    proxy, sock = line
    proxy.up.cut_after(3)
    sock.sendall(b"abcdef")
    with pytest.raises(ConnectionResetError):
        while sock.recv(10):
            pass
    assert proxy.up.bytes == 3


def test_a_bit_is_turned_over(line):
    proxy, sock = line
    proxy.up.flip_after(2)
    sock.sendall(b"0000")
    assert receive(sock, 4) == b"00 0"


def test_a_black_hole_takes_all(line):
    proxy, sock = line
    proxy.up.blackhole()
    sock.sendall(b"gone")
    assert silent(sock)
    proxy.up.blackhole(False)
    sock.sendall(b"here")
    assert receive(sock, 4) == b"here"


def test_delay_split_and_throttle(line):
    proxy, sock = line
    proxy.up.delay(100)
    proxy.down.split(1)
    begin = time.monotonic()
    sock.sendall(b"abc")
    assert receive(sock, 3) == b"abc"
    assert time.monotonic() - begin >= 0.1
    proxy.up.delay(0)
    proxy.up.throttle(1000)
    begin = time.monotonic()
    sock.sendall(b"x" * 200)
    assert receive(sock, 200) == b"x" * 200
    assert time.monotonic() - begin >= 0.19


def test_reset_and_refuse(line):
    proxy, sock = line
    sock.sendall(b"a")
    assert sock.recv(1) == b"a"
    proxy.refuse()
    with pytest.raises(ConnectionResetError):  # in connect or in recv
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as other:
            other.recv(1)
    proxy.reset_all()
    with pytest.raises(ConnectionResetError):
        sock.recv(1)
    proxy.refuse(False)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as again:
        again.sendall(b"b")
        assert again.recv(1) == b"b"
    harness.wait_until("all came through the proxy", lambda: proxy.accepted == 3)
