"""Pharmacies' own software, which calls the counter of the partner API."""
