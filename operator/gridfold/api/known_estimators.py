"""The full names of scikit-learn's classifiers and regressors, for who wrote another one.

The trainer alone decides what a job may name; a test compares this table with its own.
"""

import difflib
import re

_NAMES = {
    "calibration": "CalibratedClassifierCV",
    "compose": "TransformedTargetRegressor",
    "cross_decomposition": "CCA PLSCanonical PLSRegression",
    "discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "dummy": "DummyClassifier DummyRegressor",
    "ensemble": (
        "AdaBoostClassifier AdaBoostRegressor BaggingClassifier BaggingRegressor ExtraTreesClassifier "
        "ExtraTreesRegressor GradientBoostingClassifier GradientBoostingRegressor "
        "HistGradientBoostingClassifier HistGradientBoostingRegressor RandomForestClassifier "
        "RandomForestRegressor"
    ),
    "gaussian_process": "GaussianProcessClassifier GaussianProcessRegressor",
    "isotonic": "IsotonicRegression",
    "kernel_ridge": "KernelRidge",
    "linear_model": (
        "ARDRegression BayesianRidge ElasticNet ElasticNetCV GammaRegressor HuberRegressor Lars LarsCV Lasso "
        "LassoCV LassoLars LassoLarsCV LassoLarsIC LinearRegression LogisticRegression LogisticRegressionCV "
        "OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV PassiveAggressiveClassifier "
        "PassiveAggressiveRegressor Perceptron PoissonRegressor QuantileRegressor RANSACRegressor Ridge "
        "RidgeCV RidgeClassifier RidgeClassifierCV SGDClassifier SGDRegressor TheilSenRegressor "
        "TweedieRegressor"
    ),
    "naive_bayes": "BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB",
    "neighbors": (
        "KNeighborsClassifier KNeighborsRegressor NearestCentroid RadiusNeighborsClassifier RadiusNeighborsRegressor"
    ),
    "neural_network": "MLPClassifier MLPRegressor",
    "semi_supervised": "LabelPropagation LabelSpreading",
    "svm": "LinearSVC LinearSVR NuSVC NuSVR SVC SVR",
    "tree": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
}
#: Full name by class.
ESTIMATORS = {name: f"sklearn.{package}.{name}" for package, names in _NAMES.items() for name in names.split()}
#: Classes that a job cannot name, whatever is written before them.
NOT_FOR_JOBS = frozenset(
    {
        "StackingClassifier",
        "StackingRegressor",
        "VotingClassifier",
        "VotingRegressor",
        "MultiTaskElasticNet",
        "MultiTaskElasticNetCV",
        "MultiTaskLasso",
        "MultiTaskLassoCV",
        "FixedThresholdClassifier",
        "TunedThresholdClassifierCV",
        "OneVsOneClassifier",
        "OneVsRestClassifier",
        "OutputCodeClassifier",
        "ClassifierChain",
        "MultiOutputClassifier",
        "MultiOutputRegressor",
        "RegressorChain",
        "SelfTrainingClassifier",
    }
)
#: Well-known classes of other packages, which the platform may allow.
ELSEWHERE = {
    **{name: f"xgboost.{name}" for name in ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor")},
    **{name: f"lightgbm.{name}" for name in ("LGBMClassifier", "LGBMRegressor")},
    **{name: f"catboost.{name}" for name in ("CatBoostClassifier", "CatBoostRegressor")},
}
_MOST = 3


def full_name_advice(written: object) -> str:
    """Return what to write in place of a name that is no full name of an estimator, or "" where nobody can tell."""
    words = re.findall(r"[A-Za-z_]\w*", str(written)[:256])
    if not words:
        return ""
    name = words[-1]
    if name in NOT_FOR_JOBS:
        return f"{name} is none that a job can name: docs/estimators.md says why"
    by_lower = {known.lower(): full for known, full in (ELSEWHERE | ESTIMATORS).items()}
    if name.lower() in by_lower:
        return f"write {by_lower[name.lower()]}"
    alike = [full for known, full in by_lower.items() if known.startswith(name.lower())]
    alike = alike or [by_lower[known] for known in difflib.get_close_matches(name.lower(), by_lower, _MOST, 0.7)]
    return f"did you mean {' or '.join(alike[:_MOST])}?" if alike else ""
