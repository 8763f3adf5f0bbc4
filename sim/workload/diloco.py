"""DiLoCo: islands that train by themselves and exchange weights now and then; what the loss of a model pays for it."""

from __future__ import annotations

import math

# Loss of a model of N parameters, trained on 20 N tokens, A N^a, by number of islands; fits up to 2.4e9 parameters that predict
# those of 4e9 and 10e9 within 0.3 % [charles2025]. Zero islands: gradients are exchanged in every step.
LOSS = {0: (18.129, -0.0953), 1: (18.363, -0.0961), 2: (18.768, -0.0969), 4: (19.762, -0.0992), 8: (21.051, -0.1018)}
MOST_FITTED = 8  # islands
ISLANDS_EXPONENT = 0.0116  # of the loss in the number of islands, joint fit [charles2025]
LARGEST_TESTED = 10e9  # parameters

# Part of the loss that falls with the number of tokens, B D^-b [hoffmann2022:equation 10].
TOKEN_LOSS, TOKEN_EXPONENT = 410.7, 0.28
TOKENS_PER_PARAMETER = 20.0  # of the fits


def loss(parameters: float, islands: int) -> float:
    """Evaluation loss of a model after 20 tokens for each parameter.

    Parameters
    ----------
    parameters : float
        Parameters of the model, positive.
    islands : int
        Islands; 0 for a job that exchanges gradients in every step.

    Returns
    -------
    float
        Loss [nat]: interpolated between published numbers of islands, beyond eight by the exponent of the joint fit.

    References
    ----------
    [charles2025:section 4]

    Examples
    --------
    >>> round(loss(2.4e9, 0), 3), round(loss(2.4e9, 8), 3)
    (2.314, 2.335)
    """
    if islands > MOST_FITTED:
        return loss(parameters, MOST_FITTED) * math.pow(islands / MOST_FITTED, ISLANDS_EXPONENT)
    below = max(m for m in LOSS if m <= islands)
    above = min(m for m in LOSS if m >= islands)
    low, high = (float(scale * math.pow(parameters, power)) for scale, power in (LOSS[below], LOSS[above]))
    share = 0.0 if above == below else math.log(islands / below) / math.log(above / below)
    return float(low ** (1.0 - share) * high**share)


def statistical_efficiency(parameters: float, islands: int) -> tuple[float, bool]:
    """Tokens that a job without islands needs over those that islands need for the same loss.

    Parameters
    ----------
    parameters : float
        Parameters of the model, positive.
    islands : int
        Islands, at least 1.

    Returns
    -------
    efficiency : float
        0 to 1; never above 1, although fits beyond 10e9 parameters promise a gain.
    optimistic : bool
        Whether the value lies beyond what was tested: a larger model, or more than eight islands.

    Notes
    -----
    A higher loss is made up by more tokens where the loss falls as B D^-b in D tokens. Models larger than those tested are taken as
    the largest tested: fits that are extended to them promise less loss with islands than without. Published runs exchange after 30
    steps; more steps between exchanges cost more, which these fits do not hold.

    References
    ----------
    [charles2025:section 4], [hoffmann2022:equation 10]

    Examples
    --------
    >>> [round(statistical_efficiency(2.4e9, islands)[0], 2) for islands in (2, 4, 8, 16)]
    [1.0, 0.96, 0.83, 0.7]
    >>> statistical_efficiency(405e9, 8)
    (1.0, True)
    """
    tested = min(parameters, LARGEST_TESTED)
    excess = loss(tested, islands) - loss(tested, 0)
    falls = TOKEN_LOSS * (TOKENS_PER_PARAMETER * tested) ** -TOKEN_EXPONENT
    optimistic = parameters > LARGEST_TESTED or islands > MOST_FITTED
    if excess <= 0.0:
        return 1.0, optimistic
    # the tokens D' at which the token term is lower by the excess: (D'/D)^-b = 1 - excess / falls
    left = 1.0 - excess / falls
    return (float(left ** (1.0 / TOKEN_EXPONENT)) if left > 0.0 else 0.0), optimistic
