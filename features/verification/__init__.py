"""Reference phantoms, closed forms and peers, run on the user's machine.

May import `features` and all of its rooms.
"""
