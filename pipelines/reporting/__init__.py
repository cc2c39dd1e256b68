"""Pages and model card."""
