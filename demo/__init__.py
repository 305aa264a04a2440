"""The demonstration: sixty days of a sample company, played on the very application."""
