"""Engines: one backend per file, each an adapter to a port of `jett.core.ports`."""
