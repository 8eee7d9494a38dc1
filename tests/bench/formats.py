"""Raw lines of one format into JSON, format by format: `soc-collector normalize` beside
liblognorm's lognormalizer (what rsyslog's mmnormalize calls) and syslog-ng with its parsers.

All read the same file and write a file; lines a second of processor time are compared. What
differs: ours finds out the format itself and gives ECS; the peers have rules for these very
lines and give the fields their rules name.
"""
import itertools
import json
import os
import re
import resource
import shutil
import subprocess
from pathlib import Path

from harness import Failed, wait_until

HERE = Path(__file__).resolve().parent
USERS = ("root", "admin", "oracle", "tranthib", "nguyenvana", "postgres")
WORDS = ("motcua", "dichvucong", "tra-cuu", "ho-so", "tin-tuc", "login")


def address(n):
    return f"{20 + n % 180}.{n // 7 % 250}.{n // 3 % 250}.{1 + n % 250}"


def stamp(n):
    return f"Nov 22 {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}"


def sshd(n):
    user, host = USERS[n % 6], f"web{n % 40:03}"
    what = (f"Failed password for {user} from {address(n)} port {1024 + n % 60000} ssh2",
            f"Failed password for invalid user {user} from {address(n)} port {1024 + n % 60000} ssh2",
            f"Invalid user {user} from {address(n)} port {1024 + n % 60000}")[n % 3]
    return f"{stamp(n)} {host} sshd[{1000 + n % 30000}]: {what}"


def syslog(n):
    host = f"web{n % 40:03}"
    return (sshd(n),
            f"{stamp(n)} {host} sudo: {USERS[n % 6]} : TTY=pts/0 ; PWD=/home ; USER=root ; COMMAND=/usr/bin/apt update",
            f"{stamp(n)} {host} systemd[1]: Finished backup-{n % 90}.service - Backup number {n}.",
            f"{stamp(n)} {host} CRON[{1000 + n % 30000}]: (root) CMD (/usr/local/bin/job-{n % 90})")[n % 4]


def access(n):
    return (f'{address(n)} - - [22/Nov/2026:{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02} +0700] '
            f'"GET /{WORDS[n % 6]}/{n}?page={n % 9} HTTP/1.1" {(200, 304, 404)[n % 3]} {n % 90000} '
            f'"https://dvc.example.vn/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"')


def winlogbeat(n):
    return json.dumps({
        "@timestamp": f"2026-11-22T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}.000Z",
        "agent": {"type": "winlogbeat", "version": "8.15.0"}, "host": {"name": f"PC-{n % 40}"},
        "event": {"code": "4625", "provider": "Microsoft-Windows-Security-Auditing", "outcome": "failure"},
        "winlog": {"channel": "Security", "event_id": "4625", "record_id": n, "computer_name": f"PC-{n % 40}",
                   "provider_name": "Microsoft-Windows-Security-Auditing",
                   "event_data": {"TargetUserName": USERS[n % 6], "TargetDomainName": "TINH", "LogonType": "3",
                                  "IpAddress": address(n), "IpPort": str(1024 + n % 60000), "Status": "0xc000006d",
                                  "SubStatus": "0xc000006a", "WorkstationName": f"W{n % 40}"}},
        "message": "An account failed to log on."})


def cef(n):
    return (f"{stamp(n)} gw CEF:0|Trend Micro|Deep Security Agent|20.0|4000000|Eicar_test_file|6|cn1=1 cn1Label=Host ID "
            f"dvchost=pc-{n % 40} src={address(n)} dst=10.0.0.{1 + n % 250} act=Delete fname=C:\\\\temp\\\\{n}.exe "
            f"msg=Realtime result=deleted suser={USERS[n % 6]}")


def fortigate(n):
    return (f'date=2026-11-22 time={n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02} devname="FGT-01" '
            f'devid="FGT60F0000000001" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" '
            f'srcip={address(n)} srcport={1024 + n % 60000} srcintf="wan1" dstip=10.0.0.{1 + n % 250} dstport=443 '
            f'dstintf="lan" policyid={n % 90} action="deny" service="HTTPS" proto=6 sentbyte={n % 9000} rcvdbyte=0')


# What syslog-ng does with the lines of a file: flags of the source, and the parser.
FORMATS = {
    "sshd": (sshd, "", 'db-parser(file("@PATTERNS@"))'),
    "mixed syslog": (syslog, "", 'db-parser(file("@PATTERNS@"))'),
    "access log": (access, "flags(no-parse)", "apache-accesslog-parser()"),
    "Winlogbeat": (winlogbeat, "flags(no-parse)", "json-parser()"),
    "CEF": (cef, None, None),  # no parser in 3.38
    "FortiGate": (fortigate, "flags(no-parse)", "kv-parser()"),
}


def cpu_of(run):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def libraries(root):
    return ":".join(str(path) for pattern in ("usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib/syslog-ng")
                    for path in Path(root).glob(pattern))


def lines_in(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def parsed(path, is_parsed, lines):
    """Of the first lines of the output nearly all have fields."""
    with open(path, "rb") as file:
        sample = [json.loads(line) for line in itertools.islice(file, 2000)]
    good = sum(is_parsed(event) for event in sample)
    if good < 0.98 * min(lines, 2000):
        raise Failed(f"{path.name}: {good} of {len(sample)} lines have fields")


def ours(place, lines, out, _):
    with open(out, "wb") as to:
        seconds = cpu_of(lambda: subprocess.run([place.program("soc-collector"), "normalize", lines], stdout=to, check=True))
    parsed(out, lambda event: event["soc.parse_status"] == "ok", 2000)
    return seconds


def liblognorm(root, lines, out, _):
    command = [Path(root) / "usr/bin/lognormalizer", "-r", HERE / "peers/formats.rulebase", "-e", "json"]
    with open(lines, "rb") as of, open(out, "wb") as to:
        seconds = cpu_of(lambda: subprocess.run(command, stdin=of, stdout=to, stderr=subprocess.DEVNULL, check=True,
                                                env={**os.environ, "LD_LIBRARY_PATH": libraries(root)}))
    parsed(out, lambda event: "unparsed-data" not in event, 2000)
    return seconds


def syslog_ng(root, lines, out, format_name):
    _, flags, parser = FORMATS[format_name]
    if parser is None:
        return None
    folder = out.parent / "syslog-ng"
    folder.mkdir()
    words = {"IN": lines, "OUT": out, "FLAGS": flags, "PARSER": parser, "PATTERNS": HERE / "peers/patterndb.xml",
             "SCL": Path(root) / "usr/share/syslog-ng/include/scl"}
    text = (HERE / "peers/formats.conf").read_text()
    for _ in range(2):  # a parser names a file
        text = re.sub(r"@([A-Z]+)@", lambda word: str(words[word.group(1)]), text)
    path = folder / "conf"
    path.write_text(text)
    modules = next((Path(root) / "usr/lib/syslog-ng").glob("[0-9]*"))
    wanted = lines_in(lines)

    def run():
        process = subprocess.Popen(
            [Path(root) / "usr/sbin/syslog-ng", "-F", "--no-caps", "-f", path, "-p", folder / "pid", "-R",
             folder / "persist", "-c", folder / "ctl", f"--module-path={modules}"],
            env={**os.environ, "LD_LIBRARY_PATH": libraries(root)}, stderr=subprocess.DEVNULL)
        try:
            wait_until("syslog-ng writes its lines",
                       lambda: lines_in(out) >= wanted or process.poll() is not None, 300, 0.5)
        finally:
            process.terminate()
            process.wait()
    seconds = cpu_of(run)
    if lines_in(out) < wanted:
        raise Failed(f"syslog-ng ended before its lines were written: {format_name}")
    return seconds


def measure(place, peers, events, say):
    """Results, one a format and program; prints a table of thousand lines a CPU second."""
    programs = {"ours": (ours, place)}
    for name, run in (("liblognorm", liblognorm), ("syslog-ng", syslog_ng)):
        if name in peers:
            programs[name] = (run, peers[name])
    say("\nthousand lines a CPU second  " + "".join(f"{name:>12}" for name in programs))
    results = []
    for name, (line, _, _) in FORMATS.items():
        folder = place.folder / "formats"
        folder.mkdir(parents=True)
        lines = folder / "lines"
        with open(lines, "w", encoding="utf-8") as file:
            file.writelines(line(n) + "\n" for n in range(events))
        row = f"{name:29}"
        for program, (run, where) in programs.items():
            seconds = run(where, lines, folder / f"{program}.json", name)
            speed = events / seconds / 1000 if seconds else None
            row += f"{speed:12.0f}" if speed else f"{'no parser':>12}"
            results.append({"what": "format", "format": name, "program": program, "thousand_lines_cpu_s": speed})
        say(row)
        shutil.rmtree(folder)
    return results
