"""The outside world, one technology a module: each implements ports, none knows another."""
