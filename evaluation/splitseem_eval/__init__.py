"""What measures: simulated clicks, overlap, figures, baselines and reports."""
