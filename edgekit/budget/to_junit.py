"""Verdicts for CI systems: JUnit XML, one test case for each judged limit.

Valid against both schemas in use: the Ant task's and Jenkins'. A limit that is over is a failure; one that is
inconclusive, invalid or missing is an error, since CI systems let skipped cases pass. What has no baseline
yet passes, and `system-out` says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from xml.etree import ElementTree as ET

from edgekit.budget.record import Verdict
from edgekit.budget.verdicts import sentence, subject, tally
from edgekit.words import visible

_PASSES = ("pass", "first")


def to_junit(verdicts: Sequence[Verdict], when: datetime | None = None) -> bytes:
    """Return the verdicts as an XML document.

    Args:
        verdicts: In the order of the cases.
        when: Of the check; now if not given.
    """
    moment = (when or datetime.now(timezone.utc)).astimezone(timezone.utc)
    suites = ET.Element("testsuites")
    suite = ET.SubElement(
        suites,
        "testsuite",
        name="edgekit check",
        package="edgekit",
        id="0",
        timestamp=moment.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname="localhost",
        tests=str(len(verdicts)),
        failures=str(sum(each.verdict == "fail" for each in verdicts)),
        errors=str(sum(each.verdict not in (*_PASSES, "fail") for each in verdicts)),
        time="0",
    )
    ET.SubElement(suite, "properties")
    for verdict in verdicts:
        _case(suite, verdict)
    ET.SubElement(suite, "system-out").text = "\n".join(
        [
            tally(verdicts),
            *(f"{subject(v)}: {sentence(v)}" for v in verdicts if v.stale or v.verdict == "first"),
        ]
    )
    ET.SubElement(suite, "system-err")
    ET.indent(suites)
    text: str = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _case(suite: ET.Element, verdict: Verdict) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        # CI systems cut class names at dots into packages
        classname=visible(f"{verdict.device}.{verdict.budget}"),
        name=f"{subject(verdict)}: {verdict.metric}",
        time="0",
    )
    if verdict.verdict in _PASSES:
        return
    kind = "failure" if verdict.verdict == "fail" else "error"
    text = sentence(verdict)
    ET.SubElement(case, kind, type=verdict.verdict, message=text).text = text
