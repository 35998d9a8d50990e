"""The shop's rules as plain functions over plain values: no clock, no store, no network."""
