"""What surrounds the application: the template, the way to start it here."""
