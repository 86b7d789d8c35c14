"""What the fork server of the intake pool holds, so that its workers begin with it."""

import gc

from expectations import context, suites
from orchestration import intake
from sources.contract import load_contracts

__all__ = ["context", "intake", "suites"]

load_contracts()
context.context()

# What stands here stays: workers need not look through it for garbage, a fifth of the time of small batches.
gc.collect()
gc.freeze()
