"""verify-store and export as an operator uses them, beside a collector that works on the same folder."""
import re
import subprocess
import threading

import oracle

SMALL = {"store": {"segment-size": "1MiB", "segment-age": "1s", "commit-delay": "2ms"}}


def run(program, *words):
    return subprocess.run([program("soc-collector"), *map(str, words)], capture_output=True, text=True, timeout=120)


def fill(stack, n=4000):
    """Lines of two levels, in segments of which some are sealed."""
    sources = []
    for host in (1, 2):
        source = oracle.Source(f"h{host}", 2, host, 600)
        agent = stack.wire_agent(2, host)
        for _ in range(n // 100):
            agent.offer(source.issue(100))
        source.owed = source.issued
        sources.append(source)
    return sources


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def test_verify_store_counts_everything_and_names_the_first_bad_block(stack, program):
    stack.start_collector()
    fill(stack)
    stack.wait_acked()
    beside = run(program, "verify-store", "-c", stack.folder / "collector.yaml")
    assert beside.returncode == 0, beside.stdout + beside.stderr
    stack.end()
    stack.collector.stop()
    store = stack.folder / "store"
    whole = run(program, "verify-store", "--store", store)
    assert whole.returncode == 0 and whole.stderr == ""
    *levels, last = whole.stdout.splitlines()
    records = {int(a): int(b) for a, b in re.findall(r"^level (\d): (\d+) records", whole.stdout, re.M)}
    assert set(records) == {1, 3} and all(n >= 4000 for n in records.values())
    assert re.fullmatch(rf"intact: {sum(records.values())} records in \d+ blocks of \d+ segments, 0 faults", last)
    assert "level 5: nothing" in levels
    n_segments = len([*store.glob("class-*/*.sealed")]) + int(
        sum(map(int, re.findall(r"(\d+) running", whole.stdout))))
    assert f"of {n_segments} segments" in last

    path = max(store.glob("class-3/*.seg"))
    flip(path, path.stat().st_size - 40)
    spoiled = run(program, "verify-store", "--store", store)
    assert spoiled.returncode == 1
    assert re.search(rf"^{re.escape(str(path))}:\d+: .* \(level 3, behind commit \d+\)$", spoiled.stdout, re.M)
    assert re.fullmatch(rf"\d+ faults?, the first: {re.escape(str(path))}:\d+: .*", spoiled.stdout.splitlines()[-1])


def test_verify_store_says_what_it_could_not_look_at(stack, program):
    nowhere = run(program, "verify-store", "--store", stack.folder / "nowhere")
    assert nowhere.returncode == 2 and "nowhere" in nowhere.stderr and nowhere.stdout == ""
    both = run(program, "verify-store", "--store", stack.folder, "-c", stack.folder / "collector.yaml")
    assert both.returncode == 2 and "one of" in both.stderr


def test_export_and_verify_store_beside_a_collector_that_seals_fail_never(stack, program):
    stack.settings["store"].update(SMALL["store"])
    stack.write_settings()
    stack.start_collector()
    done, failed = threading.Event(), []

    def look_on(*words):
        while not done.is_set():
            ended = run(program, *words)
            if ended.returncode != 0:
                failed.append((words[0], ended.returncode, ended.stderr, ended.stdout[-300:]))
                return

    readers = [threading.Thread(target=look_on, args=(word, "-c", stack.folder / "collector.yaml"))
               for word in ("export", "verify-store")]
    for reader in readers:
        reader.start()
    sources = fill(stack, 20000)
    stack.wait_acked()
    done.set()
    for reader in readers:
        reader.join()
    assert failed == []
    stack.check(sources)
