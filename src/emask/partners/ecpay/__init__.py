"""ECPay's AIO Check Out V5."""
