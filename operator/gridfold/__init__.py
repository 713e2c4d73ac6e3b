"""What all of Gridfold shares: the resource, the decisions, the loop.

No I/O happens here and no clock is read: the deployables (operator, command line, trainer) bring those.
Layers, top to bottom: ``engine`` (ports and reconcile), ``domain`` (pure decisions), ``api`` (the contract).
"""
