"""What Lambda adds: event sources, HTTP routes, metrics and queues."""
