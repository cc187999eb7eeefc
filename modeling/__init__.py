"""What needs torch and data: training, calibration, export and baking. Not in the image."""
