"""Every byte of an agent's small spool is turned over in turn; the agent itself starts on it.

tests/agent/test_spool_damage.c does that to the spool alone, all bytes in seconds. Here the same
spool is delivered from each damaged copy, under a host number of its own, by the program: what
is missing at the end was declared, nothing comes twice or out of order, and the lines that were
written afterwards follow.
"""
import random
import shutil

import kill_loop
import oracle
import pytest

STARTS, LINES, AFTERWARDS = 5, 8, 3


class Image:
    """The state folder of an agent that has spooled lines and delivered none."""

    def __init__(self, stack):
        self.stack = stack
        self.source = oracle.Source("spooled", 2, 1)
        self.agent = stack.agent(2, 1, {"drain-timeout": "100ms"})
        self.log = kill_loop.Log(self.agent.logs / "app.log", self.source, random.Random(1))
        for _ in range(STARTS):
            self.agent.start()
            self.log.write(LINES)
            assert self.agent.stop() == 0
        self.log.write(AFTERWARDS)
        self.folder = stack.folder / "image"
        self.agent.state.rename(self.folder)

    def places(self):
        """(file, offset) of every byte of the spool; of its states, the slots."""
        found = []
        for file in sorted((self.folder / "spool").rglob("*")):
            if file.is_file():
                slots = file.name == "state"
                found += [(file, at) for at in range(file.stat().st_size) if not slots or at % 4096 < 64]
        return found

    def start_with(self, file, offset, host):
        certificate, key = self.stack.issue(2, host)
        self.agent.settings["tls"].update(certificate=certificate, key=key)
        self.agent.write_settings()
        shutil.rmtree(self.agent.state, ignore_errors=True)
        shutil.copytree(self.folder, self.agent.state)
        with open(self.agent.state / file.relative_to(self.folder), "r+b") as damaged:
            damaged.seek(offset)
            byte = damaged.read(1)[0]
            damaged.seek(offset)
            damaged.write(bytes([byte ^ 0x41]))
        self.agent.start(wait=False)

    def check(self, host, position):
        """Whether anything had to be declared."""
        source = oracle.Source(self.source.name, 2, host)
        source.issued = source.owed = self.source.issued
        source.read_to = position
        self.stack.wait_stored(source)
        stored = oracle.read_store(self.stack.program("soc-collector"), "--store", self.stack.folder / "store",
                                   "--from", position)
        assert {gap["reason"] for gap in stored.gaps} <= {"damaged"}
        source.missing_allowed = stored.declared()
        oracle.check(stored, [source])
        return stored.declared() > 0


@pytest.mark.parametrize("count", [40, pytest.param(None, marks=pytest.mark.campaign)])
def test_every_flipped_byte_of_the_spool_costs_what_is_declared(stack, count):
    image = Image(stack)
    places = image.places()
    assert len(places) > 1000
    if count:
        places = places[::len(places) // count]
    stack.start_collector()
    declared = 0
    for number, (file, offset) in enumerate(places):
        position = stack.control("status")["store"]["position"]
        image.start_with(file, offset, 1000 + number)
        try:
            declared += image.check(1000 + number, position)
        except AssertionError as failed:
            raise AssertionError(f"byte {offset} of {file.relative_to(image.folder)}: {failed}") from failed
        image.agent.kill()
    assert declared > len(places) / 4
