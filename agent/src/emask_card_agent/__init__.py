"""The card agent of emask: reads NHI cards, signs with citizen certificates."""
