"""Pictures of what was found in an image: outlines by kind, and the steps of the search.

May import `features`.
"""
