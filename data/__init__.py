"""Data: file listing, labels, image decoding, duplicate detection, synthetic smears."""
