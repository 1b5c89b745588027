"""What falls due when, where everybody stands, whether all of it is sound, and rehearsals."""
