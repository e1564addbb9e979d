"""Jett, a private voice assistant: every model runs on its owner's machine."""

__version__ = "0.1.0"
