"""`python -m agnews` is `agnews`."""

import signal
import sys

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where nohup or a shell's & ignores it
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the imports at once; `main` then ends in one line

from agnews.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
