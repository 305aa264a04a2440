"""Match bank entries with open invoices: who paid what, how sure that is, and why. Pure."""
