"""F_s(k_p,t) from S(k): networks, their training, and what they are compared with. Needs ``glassdask[ml]``."""
