"""Event sources. Each class recognises one form of event, reads the request from it and answers in that form."""
