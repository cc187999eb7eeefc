"""Files and streams of headlines: read as rows, and written with their topics."""
