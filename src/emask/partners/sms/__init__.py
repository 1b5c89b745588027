"""Providers of short messages as they are spoken to, and who goes on when one of them fails."""
