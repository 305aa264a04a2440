"""The operations pages in a real browser, on the real application with the embedded stack."""
