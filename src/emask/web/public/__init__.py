"""Pages for everybody about the scheme itself: its data, its map, its rules."""
