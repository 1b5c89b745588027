"""The store: kiosk and till."""
