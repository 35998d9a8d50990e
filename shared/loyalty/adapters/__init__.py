"""The ports made real: each module wraps one library and nothing else."""
