"""Sweeping: a grid of sizes → steps, each done once → a store of results → a table."""

from edgekit.sweep.local import Outcome, run_steps
from edgekit.sweep.steps import STEPS, Step, StepKind, new_step, run_step
from edgekit.sweep.store import Failure, Store

__all__ = ["STEPS", "Failure", "Outcome", "Step", "StepKind", "Store", "new_step", "run_step", "run_steps"]
