"""Two Saturdays and a week, played through the whole system, beside sums done without it."""
