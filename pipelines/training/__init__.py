"""Steps of `train`."""
