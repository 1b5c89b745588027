"""The partners as local doubles, and a made-up country to try the system on."""
