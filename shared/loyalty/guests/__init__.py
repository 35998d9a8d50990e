"""Guests as members: joining, being found, changed, united and forgotten."""
