"""Intensity, radial distribution and stain standardisation."""
