"""Campaigns: published, entered by each guest once, kept within their budget."""
