"""Messages of libraries are told without numpy's spellings, and with labels as the data writes them."""

from typing import Any

import numpy as np
import pytest

from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, full_names
from gridfold_trainer.learning.estimators import load_class
from gridfold_trainer.learning.evaluate import fit_error
from gridfold_trainer.learning.fold_classes import NEED_TWO_CLASSES
from gridfold_trainer.learning.plain_messages import plain_message

CLASSES = ("no", "yes")
MESSAGES: list[tuple[str, Any, str]] = [
    ("only one class: np.int64(0)", None, "only one class: 0"),
    ("only one class: np.int64(0)", CLASSES, 'only one class: "no"'),
    ("only one class: 1.", CLASSES, 'only one class: "yes".'),
    ("only one class: np.int64(1)", (10, 20), "only one class: 20"),
    ("(only class 0 is present)", CLASSES, '(only class "no" is present)'),
    ("y contains previously unseen labels: [np.int64(0), np.int64(1)]", CLASSES, 'unseen labels: ["no", "yes"]'),
    (
        "pos_label=1 is not a valid label: It should be one of [0]",
        CLASSES,
        'pos_label="yes" is not a valid label: It should be one of ["no"]',
    ),
    ("one of [0 1]: It should be one of [0 1]", CLASSES, 'should be one of ["no", "yes"]'),
    ("got np.str_('a')", CLASSES, 'got "a"'),
    ('got np.str_("it\'s")', None, 'got "it\'s"'),
    ("got np.float64(1.5) and np.float32(nan)", None, "got 1.5 and nan"),
    ("got np.True_ and np.bool(False)", None, "got True and False"),
    ("in array([0, 1]), array([1.5, 2. ], dtype=float32)", None, "in [0, 1], [1.5, 2. ]"),
    ("requires 2 or more distinct classes; got 1 class", CLASSES, "requires 2 or more distinct classes; got 1 class"),
    ("The number of classes has to be greater than one. Got 1 class.", CLASSES, "Got 1 class."),
    ("y_true contains only one label (1). Please", CLASSES, 'only one label ("yes"). Please'),
    ("n_classes 1 of 2", CLASSES, "n_classes 1 of 2"),
    ("class 7", CLASSES, "class 7"),
    ("class 1.5 and class 0x", CLASSES, "class 1.5 and class 0x"),
    ("two\n  lines", None, "two lines"),
]


@pytest.mark.parametrize(("text", "classes", "expected"), MESSAGES)
def test_a_message_is_told_as_people_read_it(text: str, classes: Any, expected: str) -> None:
    assert expected in plain_message(text, classes)


@pytest.mark.filterwarnings("ignore")
def test_no_classifier_says_a_code_or_a_spelling_of_numpy_of_rows_of_one_class() -> None:
    X, said = np.abs(np.random.default_rng(0).normal(size=(12, 2))), []
    for name in sorted(full_names(CLASSIFIERS)):
        if name.rpartition(".")[2] in NEED_TWO_CLASSES:
            cls: Any = load_class(name)
            with pytest.raises(ValueError, match="class") as caught:
                cls().fit(X, np.zeros(12, dtype=np.int64))
            said.append(fit_error(caught.value, ("sick", "well")).message)
    assert not any("np." in message for message in said)
    named = [message for message in said if '"sick"' in message]
    assert len(named) >= 4
    assert not any("class: 0" in message or "class 0" in message for message in said)
