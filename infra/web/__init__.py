"""What the operations pages load from the package registry, by lock."""
