"""Topologies: which satellites may be linked, one class for each form.

`shapes` has fixed forms as plain lists, which validation reads without arrays; `base` what a topology is; `fixed` and
`moving` the classes; `registry` finds them by name.
"""

# Why a satellite is without a link, as messages say it.
REASONS = {
    "unpaired": "without a partner in the topology",
    "range": "too far from the others",
    "earth": "with the Earth between it and the others",
    "down": "with every partner down",
    "terminals": "with no free terminal in reach",
}
