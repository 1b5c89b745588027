"""Amounts due, the ledger of attempts and events, settlement, lapses, refunds."""
