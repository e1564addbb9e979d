"""What every room shares: audio types, clocks, errors, events and ports. Standard library and numpy only."""
