"""Two Saturdays, played through the whole system and checked against sums done without it."""
