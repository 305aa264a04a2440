"""Measurements, none of which is a test: machines are noisy, so what can be is a ratio measured side by side."""
