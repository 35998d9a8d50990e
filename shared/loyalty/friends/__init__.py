"""Guests who bring friends, and what is paid for it."""
