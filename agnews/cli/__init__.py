"""The `agnews` command: never in the image."""
