"""What a laptop and a cloud both need: wiring, programs, the runner, the demo, the sandbox."""
