"""HTTP and WebSocket: the Realtime API, REST for the dashboard, metrics."""
