"""Numbers read off curves over lags: relaxation times, maxima, diffusion coefficients."""
