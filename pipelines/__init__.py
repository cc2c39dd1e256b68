"""One module for each command: it joins files, features and models, and writes the outputs."""
