"""The real soc-agent on a host of its own: a folder with logs, state and settings.

    host = Host(stack, 2, 1)
    host.start()
    host.write("app.log", source.issue(100))
    host.rotate("app.log")
    host.stop()
"""
import os
import signal

from stack import merge, yaml


class Host:
    def __init__(self, stack, agency, number, settings=None):
        self.stack = stack
        self.folder = stack.folder / f"host-{agency}-{number}"
        self.logs = self.folder / "logs"
        self.logs.mkdir(parents=True)
        self.path = self.folder / "agent.yaml"
        self.process = None
        certificate, key = stack.issue(agency, number)
        self.settings = merge({
            "state": str(self.folder / "state"),
            "uplink": {"collector": [f"127.0.0.1:{stack.port}"],
                       "retry-first": "50ms", "retry-most": "500ms"},
            "tls": {"ca": str(stack.folder / "pki/ca.pem"), "crl": str(stack.folder / "pki/crl.pem"),
                    "certificate": certificate, "key": key},
            "files": {"groups": [{"paths": [str(self.logs / "*.log")], "rotated": "50ms"}]},
        }, settings)
        self.write_settings()

    def write_settings(self, text=None):
        self.path.write_text(text if text is not None else yaml(self.settings))

    # ---- the program --------------------------------------------------------------

    def start(self, env=None, wait=True):
        self.process = self.stack.processes.start(
            self.stack.program("soc-agent"), "run", "-c", self.path, name="agent", env=env)
        if wait:
            self.process.wait_for(r"agent\.started")
        return self.process

    def kill(self):
        self.process.kill()

    def reload(self):
        self.process.signal(signal.SIGHUP)

    def stop(self, timeout=30.0):
        return self.process.stop(timeout)

    # ---- its logs -----------------------------------------------------------------

    def write(self, name, lines):
        with open(self.logs / name, "ab") as log:
            log.write(b"".join(line + b"\n" for line in lines))

    def rotate(self, name, keep=9):
        """By rename, as logrotate does it; the writer makes the new file."""
        for i in range(keep, 0, -1):
            old = self.logs / f"{name}.{i}"
            if old.exists():
                os.rename(old, self.logs / f"{name}.{i + 1}")
        if (self.logs / name).exists():
            os.rename(self.logs / name, self.logs / f"{name}.1")
