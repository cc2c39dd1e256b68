"""AreaShape: size and outline of cell and nucleus."""
