"""Detection of white cells at 20 pixels per red cell: light, scale, map, regions, decision.

May import `features.primitives`.
"""
