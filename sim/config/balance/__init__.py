"""Power and heat of one satellite on its orbit in closed form: what validation and sizing reckon with.

Steady states and orbit means of the same equations as `sim.spacecraft`, in plain numbers: neither numpy nor numba is loaded.
"""
