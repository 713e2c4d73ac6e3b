"""XGBoost's and LightGBM's scikit-learn classes, which a platform may allow: their constructors take **kwargs.

What is a parameter is said by get_params and, for those that the packages read from **kwargs, by the tables below; a
misspelled one would be passed over there without a word. Paths, devices and what writes files are left out of them.
"""

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

XGBOOST, LIGHTGBM = "xgboost", "lightgbm"
_THREADS = "threads of a cell come from spec.execution.threads"
_WATCHED = "it needs rows to watch, which a cell has none of; write n_estimators in the grid"
#: Never set by a job, whatever the package's get_params says.
_WITHHELD: Mapping[str, str] = {
    "callbacks": "a job runs no Python code",
    "device": "a cell computes on its own processor",
    "early_stopping_round": _WATCHED,
    "early_stopping_rounds": _WATCHED,
    "enable_categorical": "write preprocessing.categorical.encode: Native",
    "feature_types": "write preprocessing.categorical.encode: Native",
    "categorical_feature": "write preprocessing.categorical.encode: Native",
    "nthread": _THREADS,
    "num_threads": _THREADS,
    "verbosity": "a cell has nobody to talk to",
}
#: From https://xgboost.readthedocs.io/en/stable/parameter.html (3.2), without those above.
_XGBOOST = (
    "aft_loss_distribution aft_loss_distribution_scale feature_selector huber_slope max_cached_hist_node "
    "normalize_type one_drop process_type quantile_alpha rate_drop refresh_leaf sample_type skip_drop top_k "
    "tweedie_variance_power updater"
)
#: From https://lightgbm.readthedocs.io/en/stable/Parameters.html (4.7): of learning, data set and objective.
_LIGHTGBM = (
    "alpha bagging_seed bin_construct_sample_cnt boost_from_average cat_l2 cat_smooth cegb_penalty_split cegb_tradeoff "
    "data_random_seed data_sample_strategy deterministic drop_rate drop_seed enable_bundle extra_seed extra_trees "
    "fair_c feature_fraction_bynode feature_fraction_seed feature_pre_filter force_col_wise force_row_wise "
    "interaction_constraints is_unbalance linear_lambda linear_tree max_bin max_cat_threshold max_cat_to_onehot "
    "max_delta_step max_drop min_data_in_bin min_data_per_group monotone_constraints monotone_constraints_method "
    "monotone_penalty neg_bagging_fraction num_grad_quant_bins other_rate path_smooth poisson_max_delta_step "
    "pos_bagging_fraction quant_train_renew_leaf reg_sqrt scale_pos_weight sigmoid skip_drop stochastic_rounding "
    "top_rate tweedie_variance_power uniform_drop use_missing use_quantized_grad xgboost_dart_mode zero_as_missing"
)
_MORE = {XGBOOST: frozenset(_XGBOOST.split()), LIGHTGBM: frozenset(_LIGHTGBM.split())}
_OTHER_NAMES = {
    "bagging_fraction": "subsample",
    "bagging_freq": "subsample_freq",
    "boosting": "boosting_type",
    "eta": "learning_rate",
    "feature_fraction": "colsample_bytree",
    "lambda": "reg_lambda",
    "lambda_l1": "reg_alpha",
    "lambda_l2": "reg_lambda",
    "max_leaf_nodes": "max_leaves",
    "min_data_in_leaf": "min_child_samples",
    "min_gain_to_split": "min_split_gain",
    "min_split_loss": "gamma",
    "num_boost_round": "n_estimators",
    "num_iterations": "n_estimators",
    "seed": "random_state",
}
#: What each is told so that it computes in as many threads as it is given, and leaves standard output alone.
_QUIET = {XGBOOST: 0, LIGHTGBM: -1}


def package_of(cls: type) -> str | None:
    """Return which of the two packages a class comes from, by its own module or a base's; or None."""
    packages = {base.__module__.partition(".")[0] for base in cls.__mro__}
    return next((package for package in (XGBOOST, LIGHTGBM) if package in packages), None)


@cache
def parameter_names(cls: Any) -> tuple[str, ...]:
    """Return the parameters that a job may set of an estimator, those of **kwargs among them."""
    names = set(cls._get_param_names())
    kinds = {parameter.kind for parameter in inspect.signature(cls.__init__).parameters.values()}
    if inspect.Parameter.VAR_KEYWORD in kinds:
        names |= set(cls().get_params(deep=False))
    package = package_of(cls)
    if package is not None:
        names = (names | _MORE[package]) - _WITHHELD.keys()
    return tuple(sorted(names))


def withheld(cls: type, name: str) -> str | None:
    """Return why a job may not set a parameter that the package has, or None."""
    return _WITHHELD.get(name) if package_of(cls) is not None else None


def own_name(cls: type, name: str) -> str | None:
    """Return how the package's scikit-learn class calls what it calls otherwise elsewhere, or None."""
    meant = _OTHER_NAMES.get(name)
    return meant if package_of(cls) is not None and meant in parameter_names(cls) else None


def fixed_values(cls: type, threads: int) -> dict[str, Any]:
    """Return what the estimator is built with beside a job's parameters.

    Left alone, both take all processors of the machine, whatever a cell may use, and print into standard output.
    """
    package = package_of(cls)
    return {} if package is None else {"n_jobs": threads, "verbosity": _QUIET[package]}
