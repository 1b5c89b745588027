"""Citizen digital certificates, as the interior ministry's authority issues them."""

from emask.partners.certificates.adapter import CitizenCertificates
from emask.partners.certificates.trust import Trust

__all__ = ["CitizenCertificates", "Trust"]
