"""The scheme's rules: pure functions and values, free of clock, database and framework."""
