"""The cell, the registry of features and the plan of what to measure."""
