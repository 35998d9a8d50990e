"""One module per function that moves events, named like its folder under functions/."""
