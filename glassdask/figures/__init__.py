"""One file per figure, and the pages that show them; each ``draw`` takes the variables that it shows and nothing else."""
