"""What is measured of a trajectory beyond S(k) and F_s(k,t): each observable declared once, one file each."""
