"""Without preprocessing an estimator sees the rows as they lie in memory: here the layout would show."""

from tests.oracle.cases.case import NO_NUMERIC, Cases, case, k_fold
from tests.oracle.tables import bundled

GRIDS = {
    "linear_model.LogisticRegression": {"C": [0.1, 1]},
    "linear_model.RidgeClassifier": {"alpha": [0.1, 1]},
    "linear_model.Perceptron": {"random_state": [0]},
    "svm.LinearSVC": {"C": [0.1], "random_state": [0]},
    "svm.SVC": {"C": [1]},
    "svm.NuSVC": {"nu": [0.3]},
    "neighbors.KNeighborsClassifier": {"n_neighbors": [3]},
    "neighbors.NearestCentroid": {"shrink_threshold": [None, 0.1]},
    "discriminant_analysis.LinearDiscriminantAnalysis": {"solver": ["svd", "lsqr"]},
    "discriminant_analysis.QuadraticDiscriminantAnalysis": {"reg_param": [0.1]},
    "ensemble.AdaBoostClassifier": {"n_estimators": [5], "random_state": [0]},
    "ensemble.BaggingClassifier": {"n_estimators": [5], "random_state": [0]},
    "ensemble.ExtraTreesClassifier": {"n_estimators": [5], "random_state": [0]},
    "ensemble.HistGradientBoostingClassifier": {"max_iter": [5], "random_state": [0]},
    "naive_bayes.BernoulliNB": {"alpha": [1]},
    "neural_network.MLPClassifier": {"hidden_layer_sizes": [[5]], "max_iter": [20], "random_state": [0]},
    "tree.ExtraTreeClassifier": {"random_state": [0]},
}
UNPREPARED: Cases = {
    f"unprepared-{name}": (
        lambda: bundled("breast_cancer"),
        case(name, grid, preprocessing=NO_NUMERIC, cv=k_fold(3)),
    )
    for name, grid in GRIDS.items()
}
