"""Devices, files, resampling, echo cancellation."""
