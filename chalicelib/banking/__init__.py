"""Read bank statements: camt.053/054, MT940, OFX and CSV bytes in, statements of numbered entries out. Pure."""
