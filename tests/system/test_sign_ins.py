"""Guessed passwords are found wherever somebody signs in, once, and that somebody got in then as well."""
import json
import time

from harness import wait_until
from senders import Listeners


def stamp():
    return time.strftime("%b %e %H:%M:%S", time.gmtime(time.time() + 7 * 3600))


def windows(address, outcome):
    """NXLog's form of an event 4625 or 4624."""
    return json.dumps({
        "EventTime": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 7 * 3600)), "Hostname": "dc1",
        "EventID": 4624 if outcome == "success" else 4625, "Channel": "Security",
        "SourceName": "Microsoft-Windows-Security-Auditing", "TargetUserName": "an", "LogonType": "10",
        "IpAddress": address})


LINES = {  # by product: a refused sign-in from an address
    "192.0.2.1": lambda a: windows(a, "failure"),
    "192.0.2.2": lambda a: f"<86>{stamp()} mail dovecot: imap-login: Disconnected: Connection closed (auth failed, "
                           f"1 attempts in 2 secs): user=<an@x.vn>, method=PLAIN, rip={a}, lip=10.0.0.1, TLS, "
                           f"session=<A>",
    "192.0.2.3": lambda a: f"<37>{stamp()} gw openvpn[812]: {a}:51234 TLS Auth Error: Auth Username/Password "
                           f"verification failed for peer",
    "192.0.2.4": lambda a: f'<85>{stamp()} web proxmox pvedaemon[1]: authentication failure; rhost=::ffff:{a} '
                           f'user=root@pam msg=no such user',
    "192.0.2.5": lambda a: f"<35>{stamp()} ftp vsftpd[77]: [an] FAIL LOGIN: Client \"{a}\"",
}


def findings(stack):
    found = [e["record"] for e in stack.export() if e["kind"] == "finding"]
    return sorted((r["rule.name"], r.get("source.ip", r.get("user.name"))) for r in found)


def expect(stack, *expected):
    wait_until(f"{expected} are found", lambda: len(findings(stack)) >= len(expected), 60)
    assert findings(stack) == sorted(expected)


def test_guessing_at_products_of_all_kinds_is_found(stack):
    listeners = Listeners(stack)
    stack.start_collector()
    lines = [line(address) for address, line in LINES.items() for _ in range(10)]
    with listeners.connect("tcp") as tcp:
        tcp.sendall("".join(line + "\n" for line in lines).encode())
    for record in listeners.wait(len(lines)):
        assert record.get("event.outcome") == "failure" and "authentication" in record["event.category"], record
    expect(stack, *(("sign-in-brute-force", address) for address in LINES))
    with listeners.connect("tcp") as tcp:
        tcp.sendall((windows("192.0.2.1", "success") + "\n" + windows("192.0.2.77", "success") + "\n").encode())
    expect(stack, ("sign-in-after-guessing", "192.0.2.1"), *(("sign-in-brute-force", address) for address in LINES))


def test_pam_and_sshd_tell_of_one_attempt(stack):
    listeners = Listeners(stack)
    stack.start_collector()

    def attempts(count, address):
        return "".join(
            f"<86>{stamp()} h sshd[7]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh "
            f"ruser= rhost={address}  user=root\n"
            f"<86>{stamp()} h sshd[7]: Failed password for root from {address} port 4711 ssh2\n"
            for _ in range(count)).encode()

    with listeners.connect("tcp") as tcp:
        tcp.sendall(attempts(9, "192.0.2.1") + attempts(30, "192.0.2.2"))
    listeners.wait(78)
    expect(stack, ("ssh-brute-force", "192.0.2.2"))
    [record] = [e["record"] for e in stack.export() if e["kind"] == "finding"]
    assert json.loads(record["message"])["events"] == 10


def test_a_masked_user_is_no_tag_either(stack):
    """Guesses at one account are counted together though nothing stored shows its name."""
    (stack.folder / "masking.yaml").write_text("fields:\n  - field: user.name\n    action: mask\n")
    stack.settings["masking"] = str(stack.folder / "masking.yaml")
    listeners = Listeners(stack)
    stack.start_collector()
    line = f"<84>{stamp()} h su[7]: FAILED SU (to root) nguyenvanan on pts/0\n"
    with listeners.connect("tcp") as tcp:
        tcp.sendall(10 * line.encode())
    listeners.wait(10)
    wait_until("it is found", lambda: findings(stack), 60)
    [(rule, user)] = findings(stack)
    assert (rule, set(user)) == ("account-brute-force", {"*"})
    stack.collector.stop()
    for path in (stack.folder / "store").rglob("*"):
        assert not path.is_file() or b"nguyenvanan" not in path.read_bytes(), path
