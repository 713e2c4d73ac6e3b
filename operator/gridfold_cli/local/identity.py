"""Which resource it is that runs here: a laptop knows one life of it."""

LOCAL_UID = ""
LOCAL_GENERATION = 1
