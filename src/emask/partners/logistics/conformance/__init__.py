"""A kit with which a chain tries its own implementation of the wire, over HTTP.

It creates a few parcels for a made-up person, and leaves them behind: a staging host is the place
for it. `python -m emask.partners.logistics.conformance --help` tells how to run it.
"""

from emask.partners.logistics.conformance.bench import Ear, Finding, Heard, Outcome, Subject
from emask.partners.logistics.conformance.checks import CHECKS, check_chains

__all__ = ["CHECKS", "Ear", "Finding", "Heard", "Outcome", "Subject", "check_chains"]
