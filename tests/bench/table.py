"""Results as tables for people."""
from usage import spread


def columns(rows):
    """Rows of text as a table, numbers to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) if at in (0, len(row) - 1) else cell.rjust(width)
                  for at, (cell, width) in enumerate(zip(row, widths))).rstrip()
        for row in rows)


def of(runs, key):
    return spread([run[key] for run in runs])


def range_of(runs, key, digits):
    """The median, and with several runs least and most."""
    least, median, most = of(runs, key)
    if len(runs) == 1:
        return f"{median:.{digits}f}"
    return f"{median:.{digits}f} ({least:.{digits}f}-{most:.{digits}f})"


def largest(used):
    return ", ".join(f"{name} {value:.2f}" for name, value in sorted(used.items(), key=lambda each: -each[1])
                     if value >= 0.005)


def programs(runs):
    """CPU by program of the median run; of one that names its threads, by thread too."""
    by_cpu = sorted(runs, key=lambda run: run["cpu_per_million"])
    run = by_cpu[len(by_cpu) // 2]
    text = largest(run["cpu_by_program"])
    return f"{text} (threads: {largest(run['cpu_by_thread'])})" if run["system"] == "ours" else text


def latencies(runs, whose):
    if f"{whose}_p50_ms" not in runs[0]:
        return "-"
    return f"{of(runs, f'{whose}_p50_ms')[1]:.0f} / {of(runs, f'{whose}_p99_ms')[1]:.0f}"


def of_agent(results):
    """soc-agent on a server: a log that appears whole, one that grows slowly, and silence."""
    rows = [("", "CPU-s/M", "MB/s", "lines/s", "MiB idle", "MiB busy", "CPU at a steady rate")]
    for result in results:
        rows.append((
            f"corpus {result['corpus']}", f"{result['cpu_s_per_million']:.2f}", f"{result['mb_s']:.1f}",
            str(result["lines_s"]), f"{result['rss_idle_mib']:.1f}", f"{result['rss_busy_mib']:.1f}",
            f"{result['rate_cpu_percent']:.2f} % of a core at {result['rate']} lines/s",
        ))
    return f"\nagent: file tail -> spool -> TLS -> acknowledged\n{columns(rows)}\n"


def of_idle(results):
    """Handshakes and silent connections."""
    rows = [("", "open", "handshakes/s", "CPU ms each", "KiB each", "idle CPU")]
    for result in results:
        idle = result.get("idle_cpu_percent")
        rows.append((
            result["system"], str(result["open"]), f"{result['handshakes_s']:.0f}",
            f"{result['handshake_cpu_ms']:.2f}", f"{result['connection_kib']:.1f}",
            f"{idle:.1f} %" if idle is not None else "",
        ))
    return (f"\nconnections that say nothing: mutual TLS, P-256; each row's handshakes are those since the row before\n"
            f"{columns(rows)}\n")


def of_line(systems, results):
    """One corpus: what every system took, and how many times ours."""
    any_run = next(iter(results.values()))[0]
    rows = [("", "events/s", "CPU-s/M", "x ours", "peak MiB", "ack p50/p99 ms", "probe", "sender", "Kafka", "by program")]
    ours = of(results["ours"], "cpu_per_million")[1] if "ours" in results else None
    for system in systems:
        runs = results[system.name]
        times = of(runs, "cpu_per_million")[1] / ours if ours else None
        rows.append((
            system.name,
            range_of(runs, "events_s", 0),
            range_of(runs, "cpu_per_million", 2),
            f"{times:.1f}" if times else "-",
            range_of(runs, "peak_mib", 0),
            latencies(runs, "ack"),
            latencies(runs, "probe"),
            f"{of(runs, 'sender_cpu_per_million')[1]:.2f}",
            f"{of(runs, 'kafka_cpu_per_million')[1]:.2f}",
            programs(runs),
        ))
    runs = len(next(iter(results.values())))
    head = (f"\ncorpus {any_run['corpus']}: {any_run['line_bytes']:.0f} bytes a line, {any_run['lines']} lines, "
            f"{runs} run{'s' * (runs > 1)} each; TLS in ->")
    does = "\n".join(f"  {system.name}: {system.does}" for system in systems)
    return f"{head}\n{columns(rows)}\n{does}\n"
