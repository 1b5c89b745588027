"""Rounds and counter policies as dated data; stores and their chains."""
