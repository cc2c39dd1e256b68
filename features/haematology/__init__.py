"""What a haematologist names: ratios, lobes, chromatin, granules, vacuoles."""
