"""The benchmark still runs: tests/bench/run on few lines, without its peers."""
import json

from harness import ROOT


def test_the_benchmark_measures_the_whole_line_and_leaves_nothing(processes, build, tmp_path):
    folder = tmp_path / "bench"
    results = tmp_path / "results"
    run = processes.run(ROOT / "tests/bench/run", "--no-peers", "--only", "ours", "--events", 20000,
                        "--dir", folder, "--json", results, env={"SOC_BUILD": build}, timeout=120)
    found = [json.loads(line) for line in results.read_text().splitlines()]
    assert [result["corpus"] for result in found] == ["150", "350"]
    for result in found:
        assert result["system"] == "ours"
        assert result["lines"] >= 20000
        assert abs(result["line_bytes"] - int(result["corpus"])) < 10
        assert result["cpu_per_million"] > 0
        assert {"ingest", "signer", "soc-collector"} <= set(result["cpu_by_program"])
    assert "CPU-s/M" in run.out
    assert list(folder.iterdir()) == []
