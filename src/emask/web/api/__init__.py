"""Machine-readable answers about the service itself, and what partners send."""
