"""The model folder on disk: written whole, loaded without pickle, checked.

May import `models.dataset`, `models.learning`, `models.metrics`, `models.to_json`, `models.errors`.
"""
