"""Open data: what everybody may read without an account, ready to be handed out."""
