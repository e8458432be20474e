"""`python -m extract_load` is `music-tracker`."""

from extract_load.cli import main

if __name__ == "__main__":
    main()
