"""Who you are: every way in of A1-A15, ending in a session with a channel."""
