"""Real-name rationing: one entitlement per person, shared by every channel."""
