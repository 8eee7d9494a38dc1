"""soc-ctl pki: what it makes, looked at by the openssl command, which made none of it."""
import json
import os
import re
import stat
import subprocess

import pytest


class Ctl:
    def __init__(self, program, folder):
        self.program, self.folder = program("soc-ctl"), folder
        self.ca = folder / "pki"

    def __call__(self, *args, code=0):
        done = subprocess.run(
            [self.program, *map(str, args)], cwd=self.folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == code, (args, done.stdout, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def agent(self, agency=7, host=42, *args, **options):
        return self("pki", "issue", "--agency", agency, "--host", host, *args, **options)

    def issued(self, name):
        return self.ca / "issued" / name

    def records(self):
        return [json.loads(line) for line in self("pki", "list", "--all", "--json").splitlines()]


def openssl(*args, code=0):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (args, done.stdout, done.stderr)
    return done.stdout + done.stderr


@pytest.fixture
def ctl(program, tmp_path):
    made = Ctl(program, tmp_path)
    made("pki", "init", "--name", "Tỉnh thử nghiệm CA")
    return made


def verify(ctl, name, purpose="any", code=0, crl=True):
    check = ["-CRLfile", ctl.ca / "crl.pem", "-crl_check_all"] if crl else []
    return openssl("verify", "-x509_strict", "-CAfile", ctl.ca / "ca.pem", *check, "-purpose", purpose,
                   ctl.issued(name), code=code)


def test_certificates_verify_for_their_purpose_only(ctl):
    ctl.agent(7, 42, "--name", "Máy chủ web 01")
    ctl("pki", "issue", "--collector", "hue1", "--dns", "localhost", "--ip", "127.0.0.1", "--ip", "::1")
    ctl("pki", "issue", "--client", "kafka-client")
    ctl("pki", "issue", "--server", "broker1", "--dns", "localhost")
    for name, good, bad in (
        ("agent-7-42.pem", "sslclient", "sslserver"),
        ("collector-hue1.pem", "sslserver", "sslclient"),
        ("client-kafka-client.pem", "sslclient", "sslserver"),
        ("server-broker1.pem", "sslserver", "sslclient"),
    ):
        verify(ctl, name, good)
        assert "purpose" in verify(ctl, name, bad, code=2)
    openssl("verify", "-CAfile", ctl.ca / "ca.pem", "-verify_hostname", "localhost", "-verify_ip", "::1",
            ctl.issued("collector-hue1.pem"))


def test_fields_are_as_documented(ctl):
    ctl.agent(7, 42, "--name", "Máy chủ web 01", "--days", "30")
    text = openssl("x509", "-in", ctl.issued("agent-7-42.pem"), "-noout", "-text", "-nameopt", "utf8")
    assert "URI:urn:soc:agency:7:host:42" in text
    assert "CN=Máy chủ web 01" in text.replace("CN = ", "CN=")
    assert "id-ecPublicKey" in text and "prime256v1" in text and "ecdsa-with-SHA256" in text
    assert re.search(r"Basic Constraints: critical\s+CA:FALSE", text)
    assert re.search(r"Key Usage: critical\s+Digital Signature\n", text)
    openssl("x509", "-in", ctl.issued("agent-7-42.pem"), "-checkend", 29 * 86400, "-noout")
    openssl("x509", "-in", ctl.issued("agent-7-42.pem"), "-checkend", 31 * 86400, "-noout", code=1)


def test_revoking_makes_a_crl_that_stops_the_certificate(ctl):
    ctl.agent(7, 42)
    ctl.agent(7, 43)
    number = openssl("crl", "-in", ctl.ca / "crl.pem", "-noout", "-crlnumber")
    out = ctl("pki", "revoke", "agent-7-42", "--reason", "keyCompromise")
    assert "revoked agent-7-42" in out and "crl.pem" in out
    assert "revoked" in verify(ctl, "agent-7-42.pem", code=2)
    verify(ctl, "agent-7-43.pem")
    text = openssl("crl", "-in", ctl.ca / "crl.pem", "-noout", "-text", "-CAfile", ctl.ca / "ca.pem")
    assert "Key Compromise" in text and "verify OK" in text
    assert openssl("crl", "-in", ctl.ca / "crl.pem", "-noout", "-crlnumber") > number
    assert [record["state"] for record in ctl.records()] == ["revoked", "valid"]


def test_a_mistyped_name_revokes_nobody(ctl):
    ctl.agent(7, 42)
    assert "did you mean 'agent-7-42'?" in ctl("pki", "revoke", "agent-7-42", "agent-7-4", code=1)
    verify(ctl, "agent-7-42.pem")
    ctl("pki", "revoke", "agent-7-42")
    assert "no valid certificate" in ctl("pki", "revoke", "agent-7-42", code=1)


def test_renewal_keeps_the_identity_and_one_serial_is_revoked_alone(ctl):
    ctl.agent(7, 42)
    old = ctl.records()[0]["serial"]
    assert "exists already" in ctl.agent(7, 42, code=1)
    assert f"soc-ctl pki revoke {old}" in ctl.agent(7, 42, "--force")
    ctl("pki", "revoke", old, "--reason", "superseded")
    verify(ctl, "agent-7-42.pem")
    assert [record["state"] for record in ctl.records()] == ["revoked", "valid"]


@pytest.mark.parametrize("key, bits", [("p256", "256 bit"), ("rsa3072", "3072 bit")])
def test_signers_sign(ctl, tmp_path, key, bits):
    ctl("pki", "issue", "--signer", "stttt", "--name", "Sở Khoa học và Công nghệ", "--key", key)
    cert, secret = ctl.issued("signer-stttt.pem"), ctl.issued("signer-stttt.key")
    verify(ctl, cert.name)
    assert bits in openssl("x509", "-in", cert, "-noout", "-text")
    (tmp_path / "text").write_text("báo cáo")
    (tmp_path / "public").write_text(openssl("x509", "-in", cert, "-noout", "-pubkey"))
    openssl("dgst", "-sha256", "-sign", secret, "-out", tmp_path / "signature", tmp_path / "text")
    openssl("dgst", "-sha256", "-verify", tmp_path / "public", "-signature", tmp_path / "signature",
            tmp_path / "text")


def test_a_request_gets_a_certificate_and_no_key(ctl, tmp_path):
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/CN=urn:soc:collector:evil", "-addext", "subjectAltName=URI:urn:soc:collector:evil",
            "-keyout", tmp_path / "own.key", "-out", tmp_path / "own.csr")
    ctl.agent(7, 42, "--csr", tmp_path / "own.csr")
    assert not ctl.issued("agent-7-42.key").exists()
    verify(ctl, "agent-7-42.pem", "sslclient")
    text = openssl("x509", "-in", ctl.issued("agent-7-42.pem"), "-noout", "-text")
    assert "evil" not in text and "URI:urn:soc:agency:7:host:42" in text
    assert openssl("x509", "-in", ctl.issued("agent-7-42.pem"), "-noout", "-pubkey") == openssl(
        "pkey", "-in", tmp_path / "own.key", "-pubout")


def test_keys_are_private_whatever_the_umask(program, tmp_path):
    before = os.umask(0)
    try:
        ctl = Ctl(program, tmp_path)
        ctl("pki", "init")
        ctl.agent()
    finally:
        os.umask(before)
    modes = {
        path.relative_to(tmp_path).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in tmp_path.rglob("*")
    }
    assert modes == {
        "pki": 0o700, "pki/ca.key": 0o600, "pki/ca.pem": 0o644, "pki/crl.pem": 0o644,
        "pki/issued.jsonl": 0o644, "pki/issued": 0o700,
        "pki/issued/agent-7-42.key": 0o600, "pki/issued/agent-7-42.pem": 0o644,
    }


def test_nothing_is_overwritten_without_force(ctl):
    before = (ctl.ca / "ca.key").read_bytes()
    assert "nothing was changed" in ctl("pki", "init", code=1)
    assert (ctl.ca / "ca.key").read_bytes() == before
    ctl("pki", "init", "--force")
    assert (ctl.ca / "ca.key").read_bytes() != before
    assert (ctl.ca / "ca.key.old").read_bytes() == before


@pytest.mark.parametrize("args, words", [
    ((), "usage: soc-ctl"),
    (("pki",), "usage: soc-ctl pki"),
    (("pkk",), "did you mean 'pki'?"),
    (("pki", "isue"), "did you mean 'issue'?"),
    (("pki", "issue", "--agenci", "7"), "did you mean '--agency'?"),
    (("pki", "issue"), "one of --agency"),
    (("pki", "issue", "--agency", "7"), "--agency needs --host"),
    (("pki", "issue", "--client", "a", "--host", "7"), "--host belongs to --agency"),
    (("pki", "issue", "--agency", "0", "--host", "1"), "--agency is a number from 1"),
    (("pki", "issue", "--agency", "1", "--host", "4294967296"), "--host is a number from 1"),
    (("pki", "issue", "--client", "a", "--signer", "b"), "one of --agency"),
    (("pki", "issue", "--client", "a", "--dns", "b"), "has no DNS names"),
    (("pki", "issue", "--collector", "Hue"), "a collector's name"),
    (("pki", "issue", "--server", "a"), "a DNS name or an IP address is needed"),
    (("pki", "issue", "--signer", "a/b"), "is made of"),
    (("pki", "issue", "--signer", "a", "--name", "x\ny"), "holds a control"),
    (("pki", "issue", "--signer", "a", "--key", "rsa1024"), "p256 or rsa3072"),
    (("pki", "issue", "--signer", "a", "--days", "0"), "--days is a number"),
    (("pki", "revoke"), "is missing"),
    (("pki", "revoke", "a", "--reason", "keyCompromised"), "did you mean keyCompromise"),
    (("pki", "crl", "--days", "400"), "--days is a number"),
])
def test_mistakes_of_usage_exit_with_2_and_change_nothing(ctl, args, words):
    assert words in ctl(*args, code=2)
    assert ctl.records() == []


def test_help_is_on_standard_output(ctl):
    assert "pki ...: " in ctl("--help")
    assert "issue" in ctl("pki", "--help")
    for command in ("init", "issue", "revoke", "crl", "list", "show"):
        text = ctl("pki", command, "--help")
        assert text.startswith(f"usage: soc-ctl pki {command}") and "--dir DIR" in text
    assert re.fullmatch(r"soc-ctl \d+\.\d+\.\d+\n", ctl("--version"))


def test_show_tells_of_records_and_files(ctl):
    ctl.agent(7, 42)
    serial = ctl.records()[0]["serial"]
    assert serial in ctl("pki", "show", "agent-7-42")
    assert "state        valid" in ctl("pki", "show", serial)
    assert "Identity: urn:soc:agency:7:host:42" in ctl("pki", "show", "pki/issued/agent-7-42.pem")
    assert "no such file" in ctl("pki", "show", "agent-9-9", code=1)
    assert "not a certificate" in ctl("pki", "show", "pki/ca.key", code=1)


def test_a_torn_record_is_told_and_repaired(ctl):
    ctl.agent(7, 42)
    with open(ctl.ca / "issued.jsonl", "a") as file:
        file.write('{"serial":"0a')
    done = subprocess.run([ctl.program, "pki", "crl"], cwd=ctl.folder, capture_output=True, text=True)
    assert done.returncode == 0 and "was torn (13 bytes)" in done.stderr
    assert len(ctl.records()) == 1


def test_many_at_once_are_all_recorded_or_told_to_wait(ctl):
    running = [
        subprocess.Popen([ctl.program, "pki", "issue", "--agency", "7", "--host", str(host)],
                         cwd=ctl.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for host in range(1, 9)
    ]
    done = [(process, *process.communicate(timeout=60)) for process in running]
    for process, _, errors in done:
        assert process.returncode == 0 or "in use by another process" in errors
    assert len(ctl.records()) == sum(process.returncode == 0 for process in running) >= 1


def test_output_that_cannot_be_written_is_a_failure(ctl):
    with open("/dev/full", "w") as full:
        done = subprocess.run([ctl.program, "pki", "list"], cwd=ctl.folder, stdout=full,
                              stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "standard output" in done.stderr
