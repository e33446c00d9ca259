"""The functions behind `edgekit.NAME` and behind the commands, one file each.

Each takes names, paths and records, has the defaults of its command, reports to a `Progress`, and returns a
record or raises an `EdgekitError`. None of them prints.
"""
