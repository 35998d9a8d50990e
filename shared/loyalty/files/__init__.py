"""Nightly files of tills that cannot call us: found, checked whole, read in pages, answered."""
