"""The function over HTTP: requests in, replies out, whichever AWS service or local server carries them."""
