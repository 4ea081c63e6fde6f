"""The only place that fixes dimension and variable names, and reads and writes products.

``glassdask.open_campaign`` is the way in.
"""

#: The file of all states of a campaign, in its folder.
CUBE = "observables.nc"
