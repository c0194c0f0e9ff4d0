"""A second reading of SEMANTICS: what `hearth fold` must give, written simply and slowly.

Nothing of Hearth's code is used and nothing clever is done: metrics are counted anew at every instant at which anything
could change, chains of a funnel are tried one after the other. Where the two differ, one of them is wrong.
"""
