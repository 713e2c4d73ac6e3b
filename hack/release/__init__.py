"""Build what a release consists of, from a commit, so that whoever builds the same commit has the same bytes.

Nothing here publishes anything. `checks` refuse what is no release, and tell all faults at once; each kind of file has
a module of its own, which is given the commit's sources (never the work tree) and a folder to write into.
"""
