"""The tests; they mirror chalicelib."""
