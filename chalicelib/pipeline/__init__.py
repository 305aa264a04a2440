"""The verbs of Relance, one a file: load, decide, save. What is decided is decided in the domain."""
