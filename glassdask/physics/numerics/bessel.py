"""Bessel functions of arrays wherever they live."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassdask.arrays import namespace


def bessel_j0(x: Any) -> Any:
    """J_0(x), the mean of exp(i x cos φ) over all directions φ in a plane.

    Parameters
    ----------
    x
        NumPy or CuPy, of any shape. [1]

    Returns
    -------
    array
        Of that shape, in the namespace of x. [1]

    Examples
    --------
    >>> bessel_j0(np.array([0.0, 2.404825557695773])).round(12) + 0.0
    array([1., 0.])
    """
    if namespace(x) is np:
        from scipy.special import j0
    else:
        from cupyx.scipy.special import j0
    return j0(x)
