"""The pharmacist's one screen."""
