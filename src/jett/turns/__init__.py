"""The turn machine and its parts: pure, no await, no clock, no I/O."""
