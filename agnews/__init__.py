"""News-topic classification (World, Sports, Business, Sci/Tech) for AWS Lambda."""

__version__ = "0.1.0"
