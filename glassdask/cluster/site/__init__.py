"""The site file: scheduler, pools, and what a job of each asks for."""
