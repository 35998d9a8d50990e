"""Looks for weak spots and leaks: `make audit`."""
