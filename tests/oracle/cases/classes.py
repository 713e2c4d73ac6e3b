"""Two classes and more, by estimators of every kind."""

from tests.oracle.cases.case import NO_NUMERIC, RANDOM_SPLIT, SEED, Cases, case, k_fold
from tests.oracle.tables import bundled, many_classes, mixed, respelled

CLASSES: Cases = {
    "logistic-regression": (
        lambda: bundled("breast_cancer"),
        case(
            "linear_model.LogisticRegression",
            {"C": [0.01, 1, 100.0], "tol": [0.1, 0.0001]},
            parameters={"max_iter": 60},
        ),
    ),
    "logistic-regression-positive-first": (
        lambda: bundled("breast_cancer"),
        case(
            "linear_model.LogisticRegression",
            {"C": [0.1, 10]},
            positive="benign",
            parameters={"class_weight": {"benign": 3, "malignant": 0.5}},
            objective="precision",
            metrics=["precision", "accuracy"],
        ),
    ),
    "boosting-weighs-codes": (  # few bins: scikit-learn looks for the edge of each among weighted rows, half a ms each
        lambda: bundled("breast_cancer", 200),
        case(
            "ensemble.HistGradientBoostingClassifier",
            {"max_iter": [5, 10]},
            parameters={**SEED, "class_weight": {"benign": 3, "malignant": 0.5}, "max_bins": 8},
        ),
    ),
    "spreading-of-minus-one": (  # which is "no label" to the estimator
        lambda: respelled(bundled("breast_cancer", 200), {"malignant": "-1", "benign": "1"}),
        case("semi_supervised.LabelSpreading", {"alpha": [0.2, 0.5]}),
    ),
    "boosting-scores-texts": (  # of which none is 1, the positive class of its scorer
        lambda: bundled("breast_cancer", 200),
        case(
            "ensemble.HistGradientBoostingClassifier",
            {"max_iter": [3, 6], "scoring": ["f1", None]},
            parameters={**SEED, "early_stopping": True},
        ),
    ),
    "constant-classes": (
        lambda: respelled(bundled("iris"), {"setosa": "2", "versicolor": "10", "virginica": "1"}),
        case(
            "dummy.DummyClassifier",
            {"constant": [10, 1, "2", "none of them"]},
            parameters={"strategy": "constant"},
            average="Macro",
            named=["constant"],
        ),
    ),
    "outliers-of-a-class": (
        lambda: bundled("breast_cancer", 200),
        case(
            "neighbors.RadiusNeighborsClassifier",
            {"outlier_label": ["malignant", "benign", "most_frequent"], "radius": [2.5]},
            named=["outlier_label"],
        ),
    ),
    "random-forest-list-of-grids": (
        lambda: bundled("iris"),
        case(
            "ensemble.RandomForestClassifier",
            [
                {"n_estimators": [5, 10], "max_features": ["sqrt", None], "criterion": ["gini", "entropy"]},
                {"max_depth": [1, None], "bootstrap": [False], "n_estimators": [7]},
            ],
            average="Macro",
            parameters=SEED,
        ),
    ),
    "hist-gradient-boosting-mixed": (
        mixed,
        case(
            "ensemble.HistGradientBoostingClassifier",
            {"max_iter": [5, 10], "max_leaf_nodes": [7], "preprocessing.numeric.impute": ["None", "Mean"]},
            parameters=SEED,
        ),
    ),
    "preprocessing-axes-mixed": (
        mixed,
        case(
            "linear_model.LogisticRegression",
            {
                "C": [1],
                "preprocessing.numeric.impute": ["Median", "Mean", "MostFrequent"],
                "preprocessing.numeric.scale": ["Standard", "MinMax", "Robust", "None"],
                "preprocessing.categorical.encode": ["OneHot", "Ordinal"],
            },
            cv=k_fold(3),
            parameters={"max_iter": 50},
        ),
    ),
    "categories-left-missing": (
        mixed,
        case(
            "ensemble.ExtraTreesClassifier",
            {"preprocessing.categorical.impute": ["None", "MostFrequent"], "min_samples_leaf": [1, 5]},
            parameters={**SEED, "n_estimators": 8},
            split=RANDOM_SPLIT,
            average="Weighted",
        ),
    ),
    "decision-tree-repeats": (
        mixed,
        case(
            "tree.DecisionTreeClassifier",
            {"max_depth": [2, 4, None]},
            cv={"folds": 3, "method": "Stratified", "repeats": 4, "seed": 9},
            parameters=SEED,
        ),
    ),
    "k-neighbours-weighted": (
        lambda: bundled("wine"),
        case(
            "neighbors.KNeighborsClassifier",
            {"n_neighbors": [1, 5, 60, 500], "weights": ["uniform", "distance"]},
            average="Weighted",
            split=RANDOM_SPLIT,
            cv=k_fold(4, repeats=2),
        ),
    ),
    "svc-micro": (
        lambda: bundled("digits", 500),
        case("svm.SVC", {"C": [1, 10], "kernel": ["rbf", "linear"]}, average="Micro", cv=k_fold(3)),
    ),
    "gaussian-naive-bayes": (
        lambda: bundled("wine"),
        case("naive_bayes.GaussianNB", {"var_smoothing": [1e-9, 0.1, 1]}, average="Macro", preprocessing=NO_NUMERIC),
    ),
    "many-classes-sgd": (
        many_classes,
        case(
            "linear_model.SGDClassifier",
            {"alpha": [0.0001, 0.01], "loss": ["hinge", "log_loss"]},
            parameters={**SEED, "max_iter": 20, "class_weight": {"10": 2.5, "-1": 1, "7": 0.5}},
            average="Macro",
            split=RANDOM_SPLIT,
            cv=k_fold(5),
        ),
    ),
    "some-cells-fail": (
        lambda: bundled("iris"),
        case(
            "discriminant_analysis.LinearDiscriminantAnalysis",
            {"solver": ["svd", "lsqr"], "shrinkage": [None, 0.5], "n_components": [None, 2, 40]},
            average="Macro",
        ),
    ),
    "no-cell-has-a-score": (
        mixed,
        case("naive_bayes.MultinomialNB", {"alpha": [0.5, 1.5]}),  # scaled numbers are negative
    ),
    "mlp-lists": (
        lambda: bundled("iris"),
        case(
            "neural_network.MLPClassifier",
            {"hidden_layer_sizes": [[5], [6, 3]]},
            parameters={**SEED, "max_iter": 30},
            average="Macro",
        ),
    ),
}
