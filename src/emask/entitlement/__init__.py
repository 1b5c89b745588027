"""The person's timeline of claims; the only writer of claims."""
