"""Bytes to RGB and masks."""
