"""`agnews evaluate`: labelled files in, a report as text, JSON, plots and an HTML page out."""
