"""Pages and API: one package an audience, each only translating between people and use cases."""
