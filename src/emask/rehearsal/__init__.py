"""A whole round without a browser: made-up people play it against the real services."""
