"""The shares of an analysis of variance as statsmodels gives them: `variance_script.py CELLS STATISTICS`."""

import json
import re
import sys
from itertools import combinations
from pathlib import Path

sys.path.append(sys.argv[2])
import pandas as pd
import statsmodels.formula.api as models
from statsmodels.stats.anova import anova_lm


def shares(cells):
    """Return main effects and pairs, each with its share of the variance."""
    names = [name for name in cells if name != "score" and cells[name].nunique() > 1]
    terms = [f"C({name})" for name in names] + [f"C({a}):C({b})" for a, b in combinations(names, 2)]
    squares = anova_lm(models.ols(f"score ~ {' + '.join(terms)}", cells).fit())["sum_sq"]
    total = ((cells["score"] - cells["score"].mean()) ** 2).sum()
    return [[re.findall(r"C\((\w+)\)", term), squares[term] / total] for term in terms]


tables = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
print(json.dumps([shares(pd.DataFrame(table)) for table in tables]))
