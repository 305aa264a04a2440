"""Real parts for the tests: servers started here, on the loopback, and never imitated."""
