"""What happens at the counter: rewards held and taken, sales keyed in, mistakes put right."""
