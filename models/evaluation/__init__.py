"""What a cross-validation found."""
