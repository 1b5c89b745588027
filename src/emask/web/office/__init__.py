"""The NHI office: an officer acts for people who come without computer or phone."""
