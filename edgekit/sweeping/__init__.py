"""Sweeping: a grid of sizes → steps, each done once → a store of results → a table."""

from edgekit.sweeping.local import Outcome, run_steps
from edgekit.sweeping.steps import STEPS, Step, StepKind, new_step, run_step
from edgekit.sweeping.store import Failure, Store

__all__ = ["STEPS", "Failure", "Outcome", "Step", "StepKind", "Store", "new_step", "run_step", "run_steps"]
