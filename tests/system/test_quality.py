"""What each source of lines delivers, as soc-ctl shows it."""
import json

from harness import wait_until

LINES = [b"Mar  7 10:00:00 web sshd[7]: Failed password for root from 192.0.2.7 port 4711 ssh2"] * 30 + [
    b"a line of a program that nobody knows"] * 10


def test_lines_of_a_source_are_counted_once_over_a_kill(stack):
    stack.start_collector()
    agent = stack.wire_agent(2, 1)
    agent.offer(LINES)
    stack.wait_acked()
    stack.collector.process.kill()
    stack.start_collector()
    agent.offer(LINES)
    stack.wait_acked()

    def of_host():
        return [row for row in stack.control("quality")["sources"] if row["agency"] == 2]

    wait_until("80 lines are counted", lambda: sum(row["lines_day"] for row in of_host()) == 80)
    (row,) = of_host()
    (agency,) = [row for row in stack.control("quality")["agencies"] if row["agency"] == 2]
    assert agency["lines_day"] == 80 and agency["sources"] == 1 and agency["unparsed_percent"] == 25
    assert row["unparsed_percent"] == 25 and row["undated_percent"] == 25
    assert row["bytes_day"] > 80 * 30 and "sshd" in row["parsers"]
    shown = json.loads(stack.ctl("quality", row["source"], "--json", "--socket", stack.control_path))
    assert [sample["line"] for sample in shown["samples"]] == [LINES[-1].decode()]
    assert "user.name" not in shown["never_filled"] and shown["missing_fields"] == []
    (row,) = shown["sources"]
    assert row["host"] == 1 and row["lines_day"] == 80
    assert "unparsed_percent" in stack.ctl("quality", "--table", "--socket", stack.control_path)
