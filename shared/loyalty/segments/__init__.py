"""Who belongs where: segments, stages and classes, placed anew each night."""
