"""Image operations and compiled loops that everything else is built on."""
