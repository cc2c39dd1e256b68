"""Default limits of what is read: larger images and files are refused."""

MAX_PIXELS = 100_000_000
MAX_BYTES = 1_000_000_000
