"""What people and programs see of Relance over HTTP: JSON routes, authorised by IAM."""
