"""Judge a model: cross-validation, shortcut audit."""
