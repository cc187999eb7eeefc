"""The Lambda function: event sources, HTTP routes, metrics and queues."""
