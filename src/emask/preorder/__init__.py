"""Pre-orders: register, amend, cancel; the batched intake of the opening minute."""
