"""The model store: manifest, fetching, verifying, VRAM planning."""
