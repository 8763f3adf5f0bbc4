"""Numbers with their units as text of the terminal."""

from __future__ import annotations


def counted(count: int, what: str, plural: str = "s") -> str:
    """A number with its noun: 1 satellite, 2 satellites.

    Parameters
    ----------
    count : int
        Number of things.
    what : str
        Singular of the noun.
    plural : str, optional
        Plural; empty: the singular and an s.

    Returns
    -------
    str
        Number and noun.
    """
    return f"{count:,} {what}{'' if count == 1 else plural}"


def percent(share: float) -> str:
    """A share in per cent.

    Parameters
    ----------
    share : float
        Share, 0 to 1.

    Returns
    -------
    str
        Per cent with one decimal, or one digit where it is smaller.

    Examples
    --------
    >>> percent(0.4132), percent(2e-5), percent(-1e-17)
    ('41.3 %', '0.002 %', '0.0 %')
    """
    value = 100.0 * share
    if 0.0 < value < 0.05:
        return f"{value:.1g} %"
    rounded = f"{value:.1f} %"
    return "0.0 %" if rounded == "-0.0 %" else rounded  # a sum that is nothing but rounding


def dollars(value: float) -> str:
    """An amount of money.

    Parameters
    ----------
    value : float
        Amount [USD], at least 0.

    Returns
    -------
    str
        Three digits, in millions or billions where it is that large.

    Examples
    --------
    >>> dollars(2.354e9), dollars(512.0)
    ('2.35 billion USD', '512 USD')
    """
    for unit, size in (("billion ", 1e9), ("million ", 1e6)):
        if value >= size:
            return f"{value / size:,.3g} {unit}USD"
    return f"{value:,.0f} USD"


def time_text(seconds: float) -> str:
    """A length of time, to three digits.

    Parameters
    ----------
    seconds : float
        Time [s], at least 0.

    Returns
    -------
    str
        In seconds below two minutes, minutes below two hours, hours below two days, else days.

    Examples
    --------
    >>> time_text(9.8), time_text(5400.0), time_text(3e5)
    ('9.8 s', '90 min', '3.47 d')
    """
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2.0 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
