"""`python -m btk` is `btk`."""

from btk.cli.app import main

main()
