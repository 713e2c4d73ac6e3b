"""The cases of the oracle suite: a table of texts, and a search. Small, so that the suite stays quick."""

from tests.oracle.cases.boosters import BOOSTERS
from tests.oracle.cases.case import Cases
from tests.oracle.cases.classes import CLASSES
from tests.oracle.cases.columns import COLUMNS
from tests.oracle.cases.metrics import MEASURED
from tests.oracle.cases.numbers import NUMBER_TARGETS
from tests.oracle.cases.orders import ORDERS
from tests.oracle.cases.real_tables import REAL_TABLES
from tests.oracle.cases.simplest import SIMPLEST
from tests.oracle.cases.unprepared import UNPREPARED

CASES: Cases = {
    **CLASSES,
    **REAL_TABLES,
    **NUMBER_TARGETS,
    **MEASURED,
    **ORDERS,
    **COLUMNS,
    **BOOSTERS,
    **UNPREPARED,
    **SIMPLEST,
}
