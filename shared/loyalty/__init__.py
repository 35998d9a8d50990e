"""Regulars: a sale at any till becomes points, tiers, rewards and messages."""
