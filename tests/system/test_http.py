"""Senders that speak HTTP: lines, JSON and _bulk are answered when they are durable, and never lost."""
import base64
import contextlib
import gzip
import hashlib
import http.client
import json
import re
import signal
import ssl
import subprocess
import threading

import harness
import pytest
from harness import wait_until
from senders import Listeners, counted, had

TOKEN = "zSRN3Y-DerNqCIRV5lNidACxdeyuD-SfURaViG42TYM"
LINE = "Nov 22 01:02:03 web1 sshd[812]: Failed password for invalid user number%09d from 192.0.2.9 port 4711 ssh2"


def sha256(token):
    return hashlib.sha256(token.encode()).hexdigest()


def numbers(records):
    return [int(re.search(r"user number(\d+)", r["event.original"]).group(1)) for r in records]


class Web(Listeners):
    """A stack with listeners of HTTP, and one sender that has a token."""

    NAMES = ("http-tcp", "http-tls")

    def __init__(self, stack, senders=None, **listeners):
        super().__init__(stack, senders or [self.with_token(TOKEN)], **listeners)

    @classmethod
    def with_token(cls, *tokens):
        return cls.sender("device", 2, 21, ["127.0.0.1", "::1"], **{"token-sha256": [sha256(t) for t in tokens]})

    def client(self, name="http-tls", timeout=60):
        if name == "http-tcp":
            return http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=timeout)
        context = ssl.create_default_context(cafile=str(self.certificates.ca))
        return http.client.HTTPSConnection("localhost", self.ports[name], timeout=timeout, context=context)


def ask(client, method, path, body=None, token=TOKEN, **headers):
    """Status and JSON of the answer."""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    client.request(method, path, body, headers)
    answer = client.getresponse()
    text = answer.read()
    return answer.status, json.loads(text) if text else None


def bulk(messages, action="create"):
    return "".join('{"%s":{"_index":"logs"}}\n%s\n' % (action, json.dumps({"message": m})) for m in messages).encode()


@pytest.fixture
def web(stack):
    made = Web(stack)
    stack.start_collector()
    return made


def test_lines_and_documents_are_stored_as_they_were_sent(web):
    client = web.client()
    lines = "\n".join(LINE % n for n in range(100)).encode()
    assert ask(client, "POST", "/", lines)[0] == 200
    assert web.stored() == 100  # before it was said
    assert ask(client, "POST", "/ingest", gzip.compress(lines), **{"Content-Encoding": "gzip"})[1]["stored"] == 100
    documents = [{"message": LINE % n, "host": {"name": "web1"}} for n in range(3)]
    assert ask(client, "POST", "/", json.dumps(documents, indent=1).encode(),
               **{"Content-Type": "application/json"})[1]["stored"] == 3
    status, answer = ask(client, "POST", "/_bulk", bulk(LINE % n for n in range(50)))
    assert status == 200 and not answer["errors"] and [i["create"]["status"] for i in answer["items"]] == [201] * 50
    records = web.wait(253)
    assert sorted(numbers(records)) == sorted([*range(100)] * 2 + [*range(3)] + [*range(50)])
    for record in records:
        assert (record["soc.identity"], record["soc.input"]) == ("token", "https")
        assert record["soc.parser"] == "sshd" and record["source.ip"] == "192.0.2.9"
    assert web.shown()["identity"] == "token"
    counted(web.stack)


def test_curl_delivers_chunks_without_end_in_sight(web):
    """By stdin: the length is not known, and curl asks before it sends."""
    lines = "\n".join(LINE % n for n in range(200000)).encode()
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail-with-body", "--cacert", web.certificates.ca, "-u", f"user:{TOKEN}",
         "-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue", "-T", "-",
         f"https://localhost:{web.ports['http-tls']}/ingest"],
        input=lines, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["stored"] == 200000
    assert web.stored() == 200000


def test_nothing_answered_is_lost_by_kills(web):
    """Kill -9 of the process that reads and stores, at whatever moment."""
    answered, sent = [], iter(range(0, 10**9, 500))
    stop = threading.Event()

    def deliver():
        while not stop.is_set():
            first = next(sent)
            body = bulk(LINE % n for n in range(first, first + 500))
            while not stop.is_set():
                try:
                    status, answer = ask(web.client(timeout=20), "POST", "/_bulk?filter_path=errors", body)
                except (OSError, http.client.HTTPException):
                    stop.wait(0.1)
                    continue
                if status == 200 and not answer["errors"]:
                    answered.extend(range(first, first + 500))
                    break

    thread = threading.Thread(target=deliver)
    thread.start()
    collector = web.stack.collector
    try:
        for _ in range(4):
            before = len(answered)
            wait_until("it goes on", lambda: len(answered) > before + 2000, 60)
            listening = collector.listening()
            collector.kill_role("ingest")
            wait_until("it is back", lambda: collector.listening() > listening, 60)
        before = len(answered)
        wait_until("it goes on", lambda: len(answered) > before, 60)
    finally:
        stop.set()
        thread.join(60)
    wait_until("the connections ended", lambda: web.shown()["connections"] == 0, 30)
    stored = numbers(web.records())
    assert len(answered) == len(set(answered)) and not set(answered) - set(stored)
    counted(web.stack)


def test_without_room_clients_are_told_to_come_again(stack):
    web = Web(stack)
    stack.settings["store"]["reserve"] = "1000TiB"
    stack.settings["ingest"]["syslog"]["queue"] = "1MiB"
    stack.settings["ingest"]["workers"] = 1
    stack.write_settings()
    stack.start_collector()
    waiting = web.client()

    def fill():
        try:
            ask(waiting, "POST", "/", b"\n".join((LINE % n).encode() for n in range(50000)))
        except (OSError, http.client.HTTPException):
            pass  # the collector is stopped before it could be read

    threading.Thread(target=fill, daemon=True).start()
    wait_until("the store refuses", lambda: stack.counter("ingest.sender_refused") > 0, 30)
    other = web.client()
    wait_until("it has no room", lambda: ask(other, "POST", "/", b"")[0] == 429, 60)
    other.request("POST", "/_bulk", bulk(["x"]), {"Authorization": f"Bearer {TOKEN}"})
    answer = other.getresponse()
    assert answer.status == 429 and int(answer.getheader("Retry-After")) > 0
    assert json.loads(answer.read())["error"]["type"] == "es_rejected_execution_exception"
    assert stack.counter("ingest.http_no_room") >= 2 and web.stored() == 0


def test_half_bodies_have_the_limit_of_half_messages(stack):
    """Lines that are begun and never ended take no more memory than those of syslog may."""
    web = Web(stack)
    stack.settings["ingest"]["syslog"]["half-max"] = "1MiB"
    stack.write_settings()
    stack.start_collector()
    clients = []

    def begin():
        client = web.client()
        client.putrequest("POST", "/")
        client.putheader("Authorization", f"Bearer {TOKEN}")
        client.putheader("Content-Length", "201000")
        client.endheaders(200000 * b"x")
        clients.append(client)

    for _ in range(5):
        begin()
    wait_until("all of it is held", lambda: web.shown()["half_bytes"] == 5 * 200000)
    with contextlib.suppress(OSError):  # it ends while it is being sent
        begin()
    wait_until("it is too much", lambda: stack.counter("ingest.sender_halves_refused") == 1)
    clients[0].send(999 * b"x" + b"\n")
    assert clients[0].getresponse().status in (200, 413)
    wait_until("what is whole is held no more", lambda: web.shown()["half_bytes"] == 4 * 200000)
    for client in clients:
        client.close()
    wait_until("nothing is held", lambda: web.shown()["half_bytes"] == 0)


def test_tokens_change_over_and_are_taken_away_by_a_reload(web):
    stack, other = web.stack, "another-token"
    client, basic = web.client(), base64.b64encode(f"id:{TOKEN}".encode()).decode()
    assert ask(client, "POST", "/", b"one\n", None, Authorization=f"ApiKey {basic}")[0] == 200
    assert ask(web.client(), "POST", "/", b"two\n", other)[0] == 401
    assert ask(web.client(), "POST", "/", b"two\n", None)[0] == 401
    web.use([web.with_token(TOKEN, other)])
    stack.collector.process.signal(signal.SIGHUP)
    wait_until("both are good", lambda: ask(web.client(), "POST", "/", b"three\n", other)[0] == 200, 30)
    assert ask(client, "POST", "/", b"four\n")[0] == 200
    web.use([web.with_token(other)])
    stack.collector.process.signal(signal.SIGHUP)
    wait_until("the old one is not", lambda: ask(web.client(), "POST", "/", b"four\n")[0] == 401, 30)
    wait_until("its connections end", lambda: web.shown()["connections"] == 0, 30)
    assert {r["event.original"] for r in web.records()} == {"one", "three", "four"}
    unknown = stack.control("senders")["unknown"]
    assert [u["address"] for u in unknown] in (["127.0.0.1"], ["::1"], ["127.0.0.1", "::1"], ["::1", "127.0.0.1"])


def test_a_bulk_of_a_hundred_megabytes_needs_little_memory(stack):
    web = Web(stack)
    stack.start_collector()
    document = json.dumps({"message": "x" * 900})
    body = ('{"index":{}}\n%s\n' % document).encode() * 115000
    assert len(body) > 100 << 20
    status, answer = ask(web.client("http-tcp", 300), "POST", "/logs/_bulk?filter_path=errors,items.*.error",
                         body)
    assert (status, answer) == (200, {"errors": False})
    assert web.stored() == 115000
    assert stack.collector.memory_kib() < 350 << 10


FILEBEAT = """
filebeat.inputs:
  - type: filestream
    id: test
    paths: ["@FOLDER@/*.log"]
    prospector.scanner.check_interval: 1s
filebeat.registry.flush: 0s
path.home: "@FOLDER@/home"
logging.to_stderr: true
output.elasticsearch:
  hosts: ["https://localhost:@PORT@"]
  api_key: "web1:@TOKEN@"
  ssl.certificate_authorities: ["@CA@"]
  backoff.init: 100ms
@SETUP@
"""


@pytest.mark.campaign
@pytest.mark.parametrize("setup", ["setup.template.enabled: false\nsetup.ilm.enabled: false", ""])
def test_filebeat_delivers_as_to_elasticsearch(stack, processes, setup):
    """Filebeat itself, with what it sets up before it sends and without, through a kill of ingest."""
    program = had(harness.fetch_filebeat(), "Filebeat")
    web = Web(stack)
    stack.start_collector()
    folder = stack.folder / "filebeat"
    folder.mkdir()
    settings = FILEBEAT
    for name, value in (("FOLDER", folder), ("PORT", web.ports["http-tls"]), ("TOKEN", TOKEN),
                        ("CA", web.certificates.ca), ("SETUP", setup)):
        settings = settings.replace(f"@{name}@", str(value))
    (folder / "filebeat.yml").write_text(settings)
    (folder / "filebeat.yml").chmod(0o600)
    log = folder / "auth.log"
    log.write_text("".join(LINE % n + "\n" for n in range(30000)))
    processes.start(program, "-c", folder / "filebeat.yml", name="filebeat")
    wait_until("it delivers", lambda: web.stored() > 5000, 60)
    listening = stack.collector.listening()
    stack.collector.kill_role("ingest")
    with open(log, "a") as more:
        more.write("".join(LINE % n + "\n" for n in range(30000, 40000)))
    wait_until("it is back", lambda: stack.collector.listening() > listening, 60)
    wait_until("all is stored", lambda: set(numbers(web.records())) == set(range(40000)), 120, 1)
    for record in web.records()[:1] + web.records()[-1:]:
        assert (record["soc.identity"], record["soc.input"], record["soc.parser"]) == ("token", "https", "sshd")
        assert record["source.ip"] == "192.0.2.9" and record["@timestamp"][5:19] == "11-21T18:02:03"
    counted(stack)


ELASTICSEARCH = """
import sys
from elasticsearch import Elasticsearch, helpers

url, ca, token, line = sys.argv[1:]
client = Elasticsearch(url, ca_certs=ca, basic_auth=("web1", token), request_timeout=60)
assert client.info()["version"]["number"].startswith("8.") and client.ping()
documents = ({"_op_type": "create", "_index": "logs", "message": line % n} for n in range(20000))
done = list(helpers.streaming_bulk(client, documents, chunk_size=1000))
assert len(done) == 20000 and all(good and item["create"]["status"] == 201 for good, item in done)
good, errors = helpers.bulk(client, [{"_op_type": "delete", "_index": "logs", "_id": "1"}], raise_on_error=False)
assert good == 0 and errors[0]["delete"]["error"]["type"] == "illegal_argument_exception"
answer = client.options(ignore_status=404).search(index="logs")
assert answer["status"] == 404
"""


@pytest.mark.campaign
def test_the_library_of_elasticsearch_delivers(stack, processes):
    python = had(harness.fetch_python_package("elasticsearch==8.19.3"), "the Python client of Elasticsearch")
    web = Web(stack)
    stack.start_collector()
    script = stack.folder / "deliver.py"
    script.write_text(ELASTICSEARCH)
    client = processes.start(python, script, f"https://localhost:{web.ports['http-tls']}", web.certificates.ca, TOKEN,
                             LINE, name="elasticsearch")
    assert client.wait(120) == 0, client.err
    assert sorted(numbers(web.wait(20000))) == list(range(20000))
    counted(stack)


NODE = """
const {Client} = require(process.argv[2])
const [url, ca, token, line] = process.argv.slice(3)
const client = new Client({node: url, auth: {username: "web1", password: token},
    [process.argv[2].startsWith("@elastic") ? "tls" : "ssl"]: {ca: require("fs").readFileSync(ca)}, compression: "gzip"})
const documents = Array.from({length: 5000}, (_, n) => ({message: line.replace("%09d", n)}))
async function main() {
  await client.ping()
  await client.info()
  const done = await client.helpers.bulk({datasource: documents, flushBytes: 100000, concurrency: 3,
      onDocument: () => ({create: {_index: "logs"}}), onDrop: drop => { throw new Error(JSON.stringify(drop)) }})
  if (done.successful !== 5000 || done.failed !== 0) throw new Error(JSON.stringify(done))
  await client.index({index: "logs", body: {message: line.replace("%09d", 5000)}})
}
main().catch(error => { console.error(error); process.exit(1) })
"""


@pytest.mark.campaign
@pytest.mark.parametrize("package", ["@elastic/elasticsearch@8.19.1", "@opensearch-project/opensearch@3.5.1"])
def test_the_libraries_of_node_deliver(web, processes, package):
    folder = had(harness.fetch_node_package(package), package)
    (folder / "deliver.js").write_text(NODE)
    client = processes.start("node", folder / "deliver.js", package.rpartition("@")[0],
                             f"https://localhost:{web.ports['http-tls']}", web.certificates.ca, TOKEN, LINE, name="node")
    assert client.wait(120) == 0, client.err
    assert sorted(numbers(web.wait(5001))) == list(range(5001))


@pytest.mark.campaign
def test_the_bulk_indexer_of_go_delivers(web, processes):
    program = had(harness.fetch_go_client("bulk_client"), "Go's client of Elasticsearch")
    client = processes.start(program, f"https://localhost:{web.ports['http-tls']}", web.certificates.ca, TOKEN, LINE,
                             "20000", name="bulk_client")
    assert client.wait(120) == 0, client.err
    assert sorted(numbers(web.wait(20000))) == list(range(20000))


# ---- clients of Debian's -----------------------------------------------------------

def peer(name):
    return had(harness.fetch_peer(name), f"Debian's {name}")


def start_rsyslog(web, processes, action):
    """Reads in.log of its folder, which is returned, and gives it to an action."""
    root, folder = peer("rsyslog"), web.stack.folder / "rsyslog"
    folder.mkdir()
    (folder / "rsyslog.conf").write_text(f"""
global(workDirectory="{folder}")
module(load="imfile")
module(load="omelasticsearch")
template(name="document" type="list" option.jsonf="on") {{
    property(outname="message" name="msg" format="jsonf")
    property(outname="log.syslog.appname" name="programname" format="jsonf")
}}
template(name="line" type="string" string="%msg%\\n")
input(type="imfile" file="{folder}/in.log" tag="app:")
{action}
""")
    processes.start(root / "usr/sbin/rsyslogd", "-n", "-f", folder / "rsyslog.conf", "-i", folder / "pid",
                    "-M", next(root.glob("usr/lib/*/rsyslog")), name="rsyslog", env=harness.peer_libraries(root))
    return folder


def test_rsyslog_delivers_as_to_elasticsearch(web, processes):
    """In bulks, through a kill of ingest; what its answers say goes into no file of errors."""
    folder = start_rsyslog(web, processes, f"""
action(type="omelasticsearch" server="https://localhost" serverport="{web.ports['http-tls']}" template="document"
    bulkmode="on" searchType="" uid="web1" pwd="{TOKEN}" tls.cacert="{web.certificates.ca}"
    errorfile="{web.stack.folder}/rsyslog/errors" queue.type="LinkedList" queue.size="100000"
    queue.dequeueBatchSize="200" action.resumeRetryCount="-1" action.resumeInterval="1")
""")
    with open(folder / "in.log", "w") as log:
        log.write("".join(LINE % n + "\n" for n in range(2000)))
    wait_until("it delivers", lambda: web.stored() > 0, 60)
    listening = web.stack.collector.listening()
    web.stack.collector.kill_role("ingest")
    with open(folder / "in.log", "a") as log:
        log.write("".join(LINE % n + "\n" for n in range(2000, 3000)))
    wait_until("it is back", lambda: web.stack.collector.listening() > listening, 60)
    wait_until("all is stored", lambda: set(numbers(web.records())) == set(range(3000)), 60)
    assert {(r["soc.identity"], r["soc.parser"]) for r in web.records()} == {("token", "sshd")}
    assert not (folder / "errors").exists()


def test_syslog_ng_delivers_as_to_elasticsearch(web, processes):
    """elasticsearch-http() of its library, with what it says of itself; and lines by http()."""
    root, folder = peer("syslog-ng"), web.stack.folder / "ng"
    folder.mkdir()
    (folder / "in.log").write_text("".join(f"sshd[812]: {(LINE % n).split(': ', 1)[1]}\n" for n in range(500)))
    port, ca = web.ports["http-tls"], web.certificates.ca
    (folder / "ng.conf").write_text(f"""@version: 3.38
@include "{root}/usr/share/syslog-ng/include/scl/elasticsearch/elastic-http.conf"
options {{ stats-freq(0); use-dns(no); }};
source in {{ file("{folder}/in.log" follow-freq(1)); }};
destination bulk {{ elasticsearch-http(index("logs") type("") url("https://localhost:{port}/_bulk")
    user("web1") password("{TOKEN}") batch-lines(100) tls(ca-file("{ca}") peer-verify(yes))); }};
destination lines {{ http(url("https://localhost:{port}/ingest") method("POST") headers("Authorization: Bearer {TOKEN}")
    body("<${{PRI}}>${{DATE}} web1 ${{MSGHDR}}${{MSG}}") batch-lines(100) delimiter("\\n")
    tls(ca-file("{ca}") peer-verify(yes))); }};
log {{ source(in); destination(bulk); destination(lines); flags(flow-control); }};
""")
    modules = next((root / "usr/lib/syslog-ng").glob("[0-9]*"))
    processes.start(root / "usr/sbin/syslog-ng", "-F", "--no-caps", "-f", folder / "ng.conf", "-p", folder / "pid",
                    "-R", folder / "persist", "-c", folder / "ctl", f"--module-path={modules}", name="syslog-ng",
                    env=harness.peer_libraries(root))
    records = web.wait(1000)
    assert sorted(numbers(records)) == sorted([*range(500)] * 2)
    assert {r["source.ip"] for r in records} == {"192.0.2.9"}
