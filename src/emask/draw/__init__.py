"""The public draw: freeze the list, commit to it, draw by a beacon, publish, verify."""
