"""Decides what may be done on the servers, and keeps the record of it."""
