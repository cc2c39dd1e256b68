"""`train --scheduler`."""
