"""``python -m glassdask``: the command line, for launchers that start modules."""

from glassdask.cli import main

if __name__ == "__main__":
    main()
