"""Packing, shipping, arrival, collection, and what is never collected."""
