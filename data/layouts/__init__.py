"""The folder layouts of public data sets, with the labels and subjects that they imply.

May import `data.files`, `data.decoding`, `data.fingerprints`, `data.synthetic`, `data.errors`,
`data.printable`.
"""
