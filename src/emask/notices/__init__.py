"""Messages to people: texts, whom to tell, sending, delivery status."""
