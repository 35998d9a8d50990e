"""Automations: what begins one for a guest, and what leads it on."""
