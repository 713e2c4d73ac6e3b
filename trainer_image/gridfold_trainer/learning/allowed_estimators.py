"""The estimators that a job may name: all classifiers and regressors of scikit-learn 1.9 but those in EXCLUDED.

Written down, not searched: `all_estimators()` imports the whole library, which costs every cell a second. A test
compares this table with it.
"""

CLASSIFIERS: dict[str, tuple[str, ...]] = {
    "sklearn.calibration": ("CalibratedClassifierCV",),
    "sklearn.discriminant_analysis": ("LinearDiscriminantAnalysis", "QuadraticDiscriminantAnalysis"),
    "sklearn.dummy": ("DummyClassifier",),
    "sklearn.ensemble": (
        "AdaBoostClassifier",
        "BaggingClassifier",
        "ExtraTreesClassifier",
        "GradientBoostingClassifier",
        "HistGradientBoostingClassifier",
        "RandomForestClassifier",
    ),
    "sklearn.gaussian_process": ("GaussianProcessClassifier",),
    "sklearn.linear_model": (
        "LogisticRegression",
        "LogisticRegressionCV",
        "PassiveAggressiveClassifier",
        "Perceptron",
        "RidgeClassifier",
        "RidgeClassifierCV",
        "SGDClassifier",
    ),
    "sklearn.naive_bayes": ("BernoulliNB", "CategoricalNB", "ComplementNB", "GaussianNB", "MultinomialNB"),
    "sklearn.neighbors": ("KNeighborsClassifier", "NearestCentroid", "RadiusNeighborsClassifier"),
    "sklearn.neural_network": ("MLPClassifier",),
    "sklearn.semi_supervised": ("LabelPropagation", "LabelSpreading"),
    "sklearn.svm": ("LinearSVC", "NuSVC", "SVC"),
    "sklearn.tree": ("DecisionTreeClassifier", "ExtraTreeClassifier"),
}
REGRESSORS: dict[str, tuple[str, ...]] = {
    "sklearn.compose": ("TransformedTargetRegressor",),
    "sklearn.cross_decomposition": ("CCA", "PLSCanonical", "PLSRegression"),
    "sklearn.dummy": ("DummyRegressor",),
    "sklearn.ensemble": (
        "AdaBoostRegressor",
        "BaggingRegressor",
        "ExtraTreesRegressor",
        "GradientBoostingRegressor",
        "HistGradientBoostingRegressor",
        "RandomForestRegressor",
    ),
    "sklearn.gaussian_process": ("GaussianProcessRegressor",),
    "sklearn.isotonic": ("IsotonicRegression",),
    "sklearn.kernel_ridge": ("KernelRidge",),
    "sklearn.linear_model": (
        "ARDRegression",
        "BayesianRidge",
        "ElasticNet",
        "ElasticNetCV",
        "GammaRegressor",
        "HuberRegressor",
        "Lars",
        "LarsCV",
        "Lasso",
        "LassoCV",
        "LassoLars",
        "LassoLarsCV",
        "LassoLarsIC",
        "LinearRegression",
        "OrthogonalMatchingPursuit",
        "OrthogonalMatchingPursuitCV",
        "PassiveAggressiveRegressor",
        "PoissonRegressor",
        "QuantileRegressor",
        "RANSACRegressor",
        "Ridge",
        "RidgeCV",
        "SGDRegressor",
        "TheilSenRegressor",
        "TweedieRegressor",
    ),
    "sklearn.neighbors": ("KNeighborsRegressor", "RadiusNeighborsRegressor"),
    "sklearn.neural_network": ("MLPRegressor",),
    "sklearn.svm": ("LinearSVR", "NuSVR", "SVR"),
    "sklearn.tree": ("DecisionTreeRegressor", "ExtraTreeRegressor"),
}

_ESTIMATOR = "it needs another estimator as a parameter, and a job's parameters are plain values; name that one instead"
_ESTIMATORS = "it needs a list of other estimators, and a job's parameters are plain values; name one of them instead"
_TARGETS = "it predicts several targets at once, and a job has one; name an estimator for one target"
#: Full name: why, and what to do; docs/estimators.md has the same words.
EXCLUDED: dict[str, str] = {
    "sklearn.ensemble.StackingClassifier": _ESTIMATORS,
    "sklearn.ensemble.StackingRegressor": _ESTIMATORS,
    "sklearn.ensemble.VotingClassifier": _ESTIMATORS,
    "sklearn.ensemble.VotingRegressor": _ESTIMATORS,
    "sklearn.linear_model.MultiTaskElasticNet": _TARGETS,
    "sklearn.linear_model.MultiTaskElasticNetCV": _TARGETS,
    "sklearn.linear_model.MultiTaskLasso": _TARGETS,
    "sklearn.linear_model.MultiTaskLassoCV": _TARGETS,
    "sklearn.model_selection.FixedThresholdClassifier": _ESTIMATOR,
    "sklearn.model_selection.TunedThresholdClassifierCV": _ESTIMATOR,
    "sklearn.multiclass.OneVsOneClassifier": _ESTIMATOR,
    "sklearn.multiclass.OneVsRestClassifier": _ESTIMATOR,
    "sklearn.multiclass.OutputCodeClassifier": _ESTIMATOR,
    "sklearn.multioutput.ClassifierChain": _TARGETS,
    "sklearn.multioutput.MultiOutputClassifier": _TARGETS,
    "sklearn.multioutput.MultiOutputRegressor": _TARGETS,
    "sklearn.multioutput.RegressorChain": _TARGETS,
    "sklearn.semi_supervised.SelfTrainingClassifier": _ESTIMATOR,
}


def full_names(table: dict[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the full names of a table, such as sklearn.svm.SVC."""
    return frozenset(f"{package}.{name}" for package, names in table.items() for name in names)
