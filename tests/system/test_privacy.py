"""Secrets and personal data on their way into the store."""
import signal

KEY = bytes(range(32)).hex()
LINES = [b"Mar  7 10:00:00 web app: goi 0912345678 mat_khau=b1mat",
         b"Mar  7 10:00:00 web app: goi +84 912 345 678 xong",
         b'{"message":"tra 001203012345","so":"\\u00309123\\u003456\\u00378"}']


def write_policy(stack, text):
    policy = stack.folder / "policy" / "masking.yaml"
    policy.parent.mkdir(exist_ok=True)
    key = policy.parent / "pseudonym.key"
    key.write_text(f"k1 {KEY}\n")
    key.chmod(0o640)
    policy.write_text(text)
    stack.settings["masking"] = str(policy)
    stack.write_settings()


def test_the_policy_holds_for_fields_and_lines_and_is_read_again(stack):
    write_policy(stack, "{key: pseudonym.key, phones: token, citizen-ids: mask}")
    stack.start_collector()
    agent = stack.wire_agent(2, 1)
    agent.offer(LINES)
    stack.wait_acked()

    write_policy(stack, "{phones: keep}")
    stack.collector.process.signal(signal.SIGHUP)
    stack.collector.process.wait_for(r"collector\.reloaded")
    agent.offer([LINES[0]])
    stack.wait_acked()

    lines = [entry["record"]["event.original"] for entry in stack.export() if entry["kind"] == "log"]
    text = "\n".join(lines[:-1])
    for gone in ("0912345678", "912 345 678", "b1mat", "001203012345", "09123\\u003456"):
        assert gone not in text
    tokens = {word for word in text.replace('"', " ").split() if word.startswith("phone_k1_")}
    assert len(tokens) == 1
    assert "0912345678" in lines[-1] and "b1mat" not in lines[-1]

    counts = [row for row in stack.control("masking")["masked"] if row["agency"] == 2]
    assert sum(row["citizen-ids"] for row in counts) >= 1
    assert sum(row["phones"] for row in counts) >= 3
    assert sum(row["records"] for row in counts) == 4
