"""The function over HTTP: requests in, replies out, independent of the service in front of it."""
