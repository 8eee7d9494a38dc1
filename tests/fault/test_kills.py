"""kill -9 at random instants, the short form; tests/fault/kill-loop does a thousand."""
import os
import random

import kill_loop
import pytest


@pytest.mark.parametrize("rounds", [100, pytest.param(1000, marks=pytest.mark.campaign)])
def test_nothing_acknowledged_is_lost_by_kills(stack, rounds, request):
    seed = int(os.environ.get("SOC_SEED", random.randrange(1 << 31)))
    print(f"SOC_SEED={seed}")
    loop = kill_loop.KillLoop(stack, seed)
    request.addfinalizer(loop.end)
    kill_loop.add_loads(loop)
    loop.run(rounds)
    print(loop.summary())
    assert sum(loop.kills.values()) == rounds
