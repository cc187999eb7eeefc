"""`agnews evaluate`: labelled files in, a report as text, JSON, plots and one HTML page out."""
