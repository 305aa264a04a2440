"""Examples that the reader may learn from, and what keeps them well-formed."""
