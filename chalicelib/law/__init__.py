"""What the law grants on an invoice that is paid late, and until when it can be claimed. Rules and rates are data."""
