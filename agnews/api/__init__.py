"""What callers ask and what they get, whatever carries it."""
