"""Event sources: each class matches one payload form, parses it into a Request and responds in that form."""
