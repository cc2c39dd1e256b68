"""Reference phantoms and closed forms, run on the user's machine."""
