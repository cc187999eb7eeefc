"""`python -m agnews` is `agnews`."""

import sys

from agnews.cli import main

if __name__ == "__main__":
    sys.exit(main())
