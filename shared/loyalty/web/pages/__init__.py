"""The guest's pages, one module for what belongs together, and their templates."""
