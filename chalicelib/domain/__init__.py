"""The core that decides: pure functions over a debtor's file. No clock, no network, no environment."""
