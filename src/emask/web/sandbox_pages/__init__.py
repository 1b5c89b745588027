"""What stands outside the service, played by pages: cards, phones, messages, the bank."""
