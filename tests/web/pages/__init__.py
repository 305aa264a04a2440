"""The operations pages without a browser: who may do what, from where, and what every answer carries."""
