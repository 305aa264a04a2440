"""Read ledgers that other programs exported: CSV bytes in, checked rows or findings out. Pure, one row at a time."""
