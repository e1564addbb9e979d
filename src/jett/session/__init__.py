"""One conversation: the asyncio shell around the turn machine."""
