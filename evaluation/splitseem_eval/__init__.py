"""What measures: simulated clicks, overlap, figures, rivals and reports."""
