"""The embedded stack: parts of AWS and a mail server on the loopback, started and stopped by us."""
