"""From a folder, a manifest, an image or a URL to the list of images.

May import `data.layouts`, `data.files`, `data.errors`, `data.printable`.
"""
