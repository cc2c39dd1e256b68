"""Lists the images of a folder, a manifest, an image file or a URL.

May import `data.layouts`, `data.files`, `data.errors`, `data.printable`.
"""
