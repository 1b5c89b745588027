"""The counter channel: pharmacies and health centres."""
