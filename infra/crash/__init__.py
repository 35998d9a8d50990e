"""The shop on one machine, killed at every write and robbed of its power: what must be left."""
