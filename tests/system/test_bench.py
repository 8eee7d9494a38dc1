"""The benchmark still runs: tests/bench/run on little, without its peers."""
import json

import pytest
from harness import ROOT


def bench(processes, build, tmp_path_factory, *options):
    """What it printed, and its results; nothing of it may stay behind."""
    short = tmp_path_factory.mktemp("b")  # sockets lie in it, whose paths have 100 bytes
    folder, results = short / "bench", short / "results"
    run = processes.run(ROOT / "tests/bench/run", "--no-peers", *options, "--dir", folder, "--json", results,
                        env={"SOC_BUILD": build}, timeout=180)
    assert list(folder.iterdir()) == []
    return run.out, [json.loads(line) for line in results.read_text().splitlines()]


def test_the_benchmark_measures_the_whole_line(processes, build, tmp_path_factory):
    out, found = bench(processes, build, tmp_path_factory, "--only", "ours", "--only", "floor", "--events", 20000,
                       "--corpus", "350")
    floor, ours = found
    assert (floor["system"], ours["system"]) == ("floor", "ours")
    for result in found:
        assert result["lines"] >= 20000
        assert abs(result["line_bytes"] - 350) < 10
    assert ours["cpu_per_million"] > 0
    assert 0 < ours["ack_p50_ms"] <= ours["ack_p99_ms"] and 0 < ours["probe_p50_ms"]
    assert {"ingest", "signer", "soc-collector"} <= set(ours["cpu_by_program"])
    assert "CPU-s/M" in out


@pytest.mark.slow
def test_the_benchmark_measures_idle_agents_and_a_restart(processes, build, tmp_path_factory):
    out, (some, all_, restart) = bench(processes, build, tmp_path_factory, "--only", "idle", "--agents", 50,
                                       "--only", "restart", "--store-gb", 0.05)
    assert (some["open"], all_["open"]) == (10, 50)
    assert some["handshake_cpu_ms"] >= 0 and "idle_cpu_percent" in all_
    assert restart["store_bytes"] >= 50e6 and restart["acknowledged_s"] >= restart["listening_s"] > 0
    assert "handshakes" in out and "restart after kill -9" in out
