"""Why a model decides as it does: importance, contributions, nearest cells, novelty.

May import `models.storage`, `models.dataset`, `models.learning`, `models.metrics`, `models.errors`.
"""
