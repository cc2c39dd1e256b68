"""One image to one record."""
