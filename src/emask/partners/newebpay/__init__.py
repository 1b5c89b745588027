"""NewebPay's multi payment gateway (MPG)."""
