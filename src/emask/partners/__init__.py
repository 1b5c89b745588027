"""Adapters to the real partners: each speaks its partner's own wire format."""
