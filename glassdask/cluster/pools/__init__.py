"""Workers: in batch jobs, in an MPI world, on this machine."""
