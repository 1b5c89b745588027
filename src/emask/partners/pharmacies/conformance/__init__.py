"""A kit that calls the counter API as a pharmacy's software does, and says what is not as it is.

It runs against a deployment, to see that it is ready for partners, and against the double that a
pharmacy's software is tested with, to see that the double tells the truth. What it sells it undoes;
a deployment for trials is the place for it.
"""

from emask.partners.pharmacies.conformance.bench import Finding, Subject
from emask.partners.pharmacies.conformance.checks import CHECKS, check_counter

__all__ = ["CHECKS", "Finding", "Subject", "check_counter"]
