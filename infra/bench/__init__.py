"""Measures speed, beside what a minimal program does in the same run."""
