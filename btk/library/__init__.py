"""The door for Python: the same doors as the command line, which stands on them."""
