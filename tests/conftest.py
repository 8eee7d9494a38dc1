"""Fixtures of the tests in Python: see tests/support/harness.py for what they hand out."""
import os
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent / "support" / name) for name in ("", "faultlib")]
import chaosproxy  # noqa: E402
import harness  # noqa: E402
import stack as stacks  # noqa: E402

KAFKA_VERSIONS = ("3.9", "4")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: not part of tests/run --quick")
    config.addinivalue_line("markers", "campaign: only part of tests/run --full")
    config.addinivalue_line("markers", "xdist_group(name): tests of a group run one after the other")


def pytest_collection_modifyitems(items):
    """Tests that share a broker run on one worker, one after the other."""
    for item in items:
        version = hasattr(item, "callspec") and item.callspec.params.get("apache_kafka")
        if version:
            item.add_marker(pytest.mark.xdist_group(f"kafka-{version}"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    setattr(item, f"report_{report.when}", report)
    processes = getattr(item, "funcargs", {}).get("processes")
    if report.failed and isinstance(processes, harness.Processes):
        report.sections.append(("programs", processes.report()))


@pytest.fixture(scope="session")
def build():
    """The build folder under test."""
    if "SOC_BUILD" in os.environ:
        return Path(os.environ["SOC_BUILD"]).resolve()
    for name in ("build-gcc", "build"):
        if (harness.ROOT / name / "build.ninja").exists():
            return harness.ROOT / name
    pytest.fail("no build folder: run `meson setup build && ninja -C build`, or set SOC_BUILD")


@pytest.fixture(scope="session")
def program(build):
    """program('soc-agent') is the path of that program."""
    return lambda name: harness.find_program(name, build)


@pytest.fixture(scope="session")
def shared_data():
    """The folder with larger samples; tests that use it are skipped without it."""
    folder = os.environ.get("SOC_SHARED_DATA")
    if not folder:
        pytest.skip("SOC_SHARED_DATA is not set: no larger sample data here")
    return Path(folder)


@pytest.fixture
def free_port():
    """free_port() gives another port each time."""
    return harness.free_port


@pytest.fixture
def processes(tmp_path):
    """Starts programs; at the end they are killed, and none may have orphans."""
    runner = harness.Processes(tmp_path / "programs")
    yield runner
    orphans = runner.end()
    assert not orphans, f"processes outlived the program that started them: {orphans}"


@pytest.fixture
def chaos_proxy():
    """chaos_proxy(port) stands before a server on that port; see chaosproxy.py."""
    proxies = []

    def before(port):
        proxies.append(chaosproxy.ChaosProxy(("127.0.0.1", port)))
        return proxies[-1]

    yield before
    for proxy in proxies:
        proxy.close()


@pytest.fixture
def mock_kafka(processes, program):
    """A mock cluster of one broker; topics get one partition."""
    return harness.MockKafka(processes, program("soc-mock-kafka"))


def start_apache_kafka(folder, version, *options):
    """In CI it has to be there; elsewhere, without a way to Maven Central, its tests are skipped."""
    reason = harness.fetch_kafka(version)
    if reason is not None:
        message = f"Apache Kafka {version} is not to be had here: {reason}"
        if harness.IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    return harness.ApacheKafka(folder, version, *options)


@pytest.fixture(scope="session", params=KAFKA_VERSIONS)
def apache_kafka(request, tmp_path_factory):
    """A real broker of each release line, shared by the tests of a run.

    A test that stops it has to start it again.
    """
    version = request.param
    broker = start_apache_kafka(tmp_path_factory.mktemp(f"kafka-{version}"), version)
    yield broker
    broker.processes.end()


@pytest.fixture
def kafka_of_its_own(tmp_path):
    """kafka_of_its_own("--set", "message.max.bytes=1400"): the newest broker with such settings."""
    brokers = []

    def start(*options):
        brokers.append(start_apache_kafka(tmp_path / f"kafka-{len(brokers)}", KAFKA_VERSIONS[-1], *options))
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.processes.end()


@pytest.fixture
def stack(tmp_path, processes, program):
    """A whole system in a folder, nothing started; see tests/support/stack.py."""
    made = stacks.Stack(tmp_path / "stack", processes, program)
    yield made
    made.end()
