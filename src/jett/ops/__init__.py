"""Reaches servers (Docker, n8n), only with a guard decision in hand."""
