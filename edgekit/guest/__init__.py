"""The runner that goes to the device: `edgekit_guest.py`, reached only as a file, never imported."""
