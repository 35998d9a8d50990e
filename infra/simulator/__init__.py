"""A whole shop in memory that lives through trouble made from a seed: `make simulate`."""
