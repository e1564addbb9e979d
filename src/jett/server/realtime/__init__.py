"""OpenAI's Realtime API over a WebSocket: a pure protocol, and one asyncio shell a connection around it."""
