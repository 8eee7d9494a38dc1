"""How long a killed collector needs until it takes records again, with a large store."""
import time

from harness import Failed, wait_until
from systems import Ours

LINE_STORED = 300  # bytes, about
ROUND = 2000000    # lines between two looks at the size, at most


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def fill(ours, size):
    """Lines that do not compress, until the store is so large and all of it counted."""
    while (missing := size - size_of(ours.stack.folder / "store")) > 0:
        ours.send("noise", int(min(missing // LINE_STORED + 1000, ROUND)))
    ours.stack.wait_derived(1800)


def kill_under_load(ours):
    load = ours.start_load("blast", "noise", ROUND)
    before = ours.stack.counter("pipeline.records")
    wait_until("lines arrive", lambda: ours.stack.counter("pipeline.records") > before + 50000, 60)
    ours.stack.collector.kill()
    load.wait(60)


def measure(place, gigabytes, say):
    ours = Ours(place)
    ours.segment_size = "64MiB"
    process = ours.start()
    try:
        fill(ours, gigabytes * 1e9)
        size = size_of(ours.stack.folder / "store")
        kill_under_load(ours)
        begin = time.monotonic()
        process = ours.stack.start_collector(wait=False).process
        ours.stack.collector.wait_ready(600)
        listening = time.monotonic() - begin
        sent = ours.send("noise", 1000)
        acknowledged = time.monotonic() - begin
        if sent["lines"] < 1000:
            raise Failed("lines were not taken after the start")
    finally:
        process.stop(120)
        process.kill()
    say(f"\nrestart after kill -9 under load, store of {size / 1e9:.1f} GB: listening after {listening:.2f} s, "
        f"first lines durable after {acknowledged:.2f} s")
    return {"what": "restart", "store_bytes": size, "listening_s": listening, "acknowledged_s": acknowledged}
