"""`python -m agnews` is `agnews`."""

import sys

from agnews.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
