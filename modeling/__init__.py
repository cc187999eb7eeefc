"""What needs torch and data: training, export, calibration, evaluation of references. Not in the image."""
