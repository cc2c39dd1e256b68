"""Steps of the documentation's build: pages and pictures that come from the code itself."""
