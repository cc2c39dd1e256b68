"""Inputs to lists of images."""
