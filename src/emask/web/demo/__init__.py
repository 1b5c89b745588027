"""The demo: a whole round in five minutes, as everybody who takes part in it."""
