"""The function on this machine. The only part of the command line that imports `agnews.function`."""
