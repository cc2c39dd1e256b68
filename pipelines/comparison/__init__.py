"""Steps of `compare`."""
