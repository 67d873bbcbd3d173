"""Which edition of btk this is."""

EDITION = "0.1.0"
