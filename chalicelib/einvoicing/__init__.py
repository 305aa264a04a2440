"""Read electronic invoices (Factur-X, CII, UBL) and statuses of their life (CDAR): bytes in, facts out. Pure."""
