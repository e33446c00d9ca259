"""The host's side of the guest: connect, find a Python, provide runtimes, bring everything there, ask.

To ask a device something new: `with visiting(profile, ...) as visit: visit.ask(...)`.
"""

from edgekit.visit.guest import PATIENCE
from edgekit.visit.probe import Fingerprint, probe
from edgekit.visit.visiting import Visit, find_target, profile_of, visiting

__all__ = ["PATIENCE", "Fingerprint", "Visit", "find_target", "probe", "profile_of", "visiting"]
