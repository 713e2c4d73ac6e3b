"""The variables that keep libraries from starting threads of their own: read when these are loaded."""

#: Every library that could (performance.md: unset, two cells on two cores took 16 × longer).
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
