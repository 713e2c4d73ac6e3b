"""The estimators that a job may name: all classifiers and regressors of scikit-learn 1.9.

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
        "StackingClassifier",
        "VotingClassifier",
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
    "sklearn.model_selection": ("FixedThresholdClassifier", "TunedThresholdClassifierCV"),
    "sklearn.multiclass": ("OneVsOneClassifier", "OneVsRestClassifier", "OutputCodeClassifier"),
    "sklearn.multioutput": ("ClassifierChain", "MultiOutputClassifier"),
    "sklearn.naive_bayes": ("BernoulliNB", "CategoricalNB", "ComplementNB", "GaussianNB", "MultinomialNB"),
    "sklearn.neighbors": ("KNeighborsClassifier", "NearestCentroid", "RadiusNeighborsClassifier"),
    "sklearn.neural_network": ("MLPClassifier",),
    "sklearn.semi_supervised": ("LabelPropagation", "LabelSpreading", "SelfTrainingClassifier"),
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
        "StackingRegressor",
        "VotingRegressor",
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
        "MultiTaskElasticNet",
        "MultiTaskElasticNetCV",
        "MultiTaskLasso",
        "MultiTaskLassoCV",
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
    "sklearn.multioutput": ("MultiOutputRegressor", "RegressorChain"),
    "sklearn.neighbors": ("KNeighborsRegressor", "RadiusNeighborsRegressor"),
    "sklearn.neural_network": ("MLPRegressor",),
    "sklearn.svm": ("LinearSVR", "NuSVR", "SVR"),
    "sklearn.tree": ("DecisionTreeRegressor", "ExtraTreeRegressor"),
}


def full_names(table: dict[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the full names of a table, such as sklearn.svm.SVC."""
    return frozenset(f"{package}.{name}" for package, names in table.items() for name in names)
