"""Whatever spelling an address has, its password and its signature are not told."""

import inspect
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils import all_estimators

from gridfold.api.confidential import (
    has_user,
    is_confidential,
    names_secret,
    names_secret_parameter,
    plain_url,
    told_url,
    without_secrets,
)
from gridfold.api.validation import InvalidTrainingJobError, parse_training_job, show
from tests.unit.domain.world import document

SECRET = "wJalrXUtnFEMI"
#: What holds a secret, and what is told of it.
ADDRESSES = {
    f"https://user:{SECRET}@host/rows.csv": "https://…@host/rows.csv",
    f"https://{SECRET}@host:9000/": "https://…@host:9000/",
    f"http://user:{SECRET}@host": "http://…@host",
    f"https://a@b:{SECRET}@host/a@b": "https://…@host/a@b",
    f"https://user:a/{SECRET}@host/rows.csv": "https://…@host/rows.csv",  # the keys of AWS have slashes in them
    f"https://user:a?{SECRET}@host/rows.csv": "https://…@host/rows.csv",
    f"https://user:a#{SECRET}@host/rows.csv": "https://…@host/rows.csv",
    f"https://user:{SECRET}%40@[::1]:9000/": "https://…@[::1]:9000/",
    f"HTTPS://user:{SECRET}@host/": "HTTPS://…@host/",
    f"https:///user:{SECRET}@host/": "https:///…@host/",
    f"https:\\\\user:{SECRET}@host/": "https:\\\\…@host/",
    f" https://user:{SECRET}\n@host/": " https://…@host/",
    f"s3://AKIA:{SECRET}@bucket/key": "s3://…@bucket/key",
    f"s3://AKIA:a/{SECRET}@bucket/key": "s3://…@bucket/key",
    f"https://host/rows.csv?X-Amz-Signature={SECRET}&a=b": "https://host/rows.csv?…",
    f"https://host/rows.csv?a b {SECRET}": "https://host/rows.csv?…",
    f"https://host/a@b?{SECRET}": "https://host/a@b?…",
    f"https://host?{SECRET}": "https://host?…",
    f"https://host/rows.csv#access_token={SECRET}": "https://host/rows.csv?…",
    f"https://host/rows.csv;a?b?{SECRET}#c": "https://host/rows.csv;a?…",
    f"https://user:{SECRET}@host/a?{SECRET}#{SECRET}": "https://…@host/a?…",
}
PLAIN = [
    "https://host/rows.csv",
    "https://host:9000/@user/rows.csv",
    "http://[2001:db8::1]:9000/a@b",
    "http://s3.storage.svc:9000",
    "s3://bucket/part-?.csv",
    "s3://bucket/a@b/#1.csv",
    "file:folder/a?b@c#d.csv",
    "file:///data/rows.csv",
    "rows.csv",
    "",
]


@pytest.mark.parametrize(("url", "told"), ADDRESSES.items())
def test_an_address_is_told_without_user_name_password_and_query(url: str, told: str) -> None:
    assert told_url(url) == told
    assert SECRET not in plain_url(url)
    assert is_confidential(url)
    assert told_url(told) == told
    assert SECRET not in show(url)


@pytest.mark.parametrize("url", PLAIN)
def test_an_address_without_secrets_is_told_as_it_is(url: str) -> None:
    assert (told_url(url), plain_url(url), is_confidential(url), has_user(url)) == (url, url, False, False)
    assert without_secrets(f'of "{url}", {url}: read.') == f'of "{url}", {url}: read.'


#: Behind a question mark they end an address in a text, as the texts of libraries are written.
QUOTES = str.maketrans("", "", "\"'<>`")
WRITTEN = [url for url in ADDRESSES if not set(url) & {" ", "\n", "\\"} and ":///" not in url]


@pytest.mark.parametrize("url", WRITTEN)
@pytest.mark.parametrize("text", ["{} is away", "(redirected to {}): 404", 'the URL: "{}"', "a '{}', b@c", "<{}>."])
def test_a_text_of_somebody_else_is_told_with_its_addresses_so(url: str, text: str) -> None:
    assert without_secrets(text.format(url)) == text.format(ADDRESSES[url])
    assert without_secrets(text.format(ADDRESSES[url])) == text.format(ADDRESSES[url])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"Max retries exceeded with url: /a.csv?sig={SECRET} (Caused by", "Max retries exceeded with url: /a.csv?… ("),
        (f"Invalid header value b'{SECRET}\\nb'", "Invalid header value …"),
        (f"?X-Amz-Security-Token={SECRET}&x=1", "?X-Amz-Security-Token=…&x=1"),
        (f"a AWSAccessKeyId={SECRET} x-goog-signature={SECRET}", "a AWSAccessKeyId=… x-goog-signature=…"),
        (f"api_key={SECRET}, password={SECRET}", "api_key=… password=…"),
    ],
)
def test_credentials_are_known_where_libraries_tell_half_of_an_address(said: str, told: str) -> None:
    assert without_secrets(said).startswith(told)
    assert SECRET not in without_secrets(said)


def test_a_line_of_a_traceback_stays_as_it_is() -> None:
    line = "    rows = sorted(rows, key=operator.itemgetter(1))  # n == 3, max_tokens=7"
    assert without_secrets(line) == line


@given(st.text(st.sampled_from("ab:/@?#[]%\\ \n…="), max_size=40), st.sampled_from(["http", "https", "ftp"]))
def test_what_stands_between_scheme_and_host_or_behind_a_question_mark_is_never_told(text: str, scheme: str) -> None:
    assert SECRET not in told_url(f"{scheme}://user:{SECRET}{text}@host/a")
    assert SECRET not in told_url(f"{scheme}://host/a?{text}{SECRET}")
    assert told_url(told_url(f"{scheme}://{text}")) == told_url(f"{scheme}://{text}")


@given(st.text(st.sampled_from("ab:@[]%\\\"'<>`…=&;,."), max_size=20), st.text(max_size=20))
def test_nor_is_it_in_a_text_of_somebody_else(part: str, before: str) -> None:
    assert SECRET not in without_secrets(f"{before} http://user:{part}{SECRET}{part}@host/a {before}")
    assert SECRET not in without_secrets(f"{before} http://host/a?{part.translate(QUOTES)}{SECRET}{part} {before}")


@pytest.mark.parametrize("text", ["a" * 100_000, "a://" * 20_000, ":/@" * 30_000, "url: ?=" * 10_000, "key=" * 20_000])
def test_no_text_takes_long(text: str) -> None:
    assert len(without_secrets(text)) <= 2 * len(text)


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "secretAccessKey", "sessionToken", "password", "apiKey"])
def test_a_field_that_is_none_and_sounds_like_a_secret_is_told_without_its_value(name: str) -> None:
    assert names_secret(name)
    raw = document()
    raw["spec"]["storage"] = {name: SECRET}
    with pytest.raises(InvalidTrainingJobError, match=f"spec.storage.{name} is …: is not a field") as caught:
        parse_training_job(raw)
    assert SECRET not in str(caught.value)


SECRET_PARAMETERS = [
    "api_key", "apiKey", "openai_api_key", "model__api_key", "token", "auth_token", "hf_token", "password", "db_passwd",
    "client_secret", "aws_secret_access_key", "credentials", "private_key", "API_KEYS",
]  # fmt: skip


@pytest.mark.parametrize("name", SECRET_PARAMETERS)
@pytest.mark.parametrize("value", ["text", {"a": {"b": "c"}}, ["text", 1]])
def test_a_parameter_that_names_a_secret_is_refused_without_its_value(name: str, value: Any) -> None:
    """Parameters stand in status, results, report and model card: there is no way not to tell one."""
    hidden = json.loads(json.dumps(value).replace("text", SECRET).replace('"c"', f'"{SECRET}"'))
    raw = document(search={"grid": [{"C": [1], name: [hidden]}]})
    raw["spec"]["estimator"]["parameters"] = {name: hidden}
    with pytest.raises(InvalidTrainingJobError) as caught:
        parse_training_job(raw)
    told = {problem.path: problem for problem in caught.value.problems}
    for path in (f"spec.estimator.parameters.{name}", f"spec.search.grid[0].{name}"):
        assert (told[path].value, told[path].rule.partition(":")[0]) == ("…", "may not be set")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", SECRET_PARAMETERS[:2])
def test_nor_is_its_value_told_where_it_is_of_no_kind_that_a_parameter_may_have(name: str) -> None:
    raw = document(search={"grid": [{name: SECRET}]})
    with pytest.raises(InvalidTrainingJobError, match="…") as caught:
        parse_training_job(raw)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["tokenizer", "token_pattern", "pad_token", "max_tokens", "n_keys", "passthrough", "keys", "author"],
)
def test_a_parameter_that_only_sounds_so_is_taken(name: str) -> None:
    assert not names_secret_parameter(name)


def test_no_estimator_or_transformer_of_scikit_learn_has_a_parameter_that_names_a_secret() -> None:
    names = {name for _, cls in all_estimators() for name in inspect.signature(cls.__init__).parameters}
    assert "token_pattern" in names
    assert not list(filter(names_secret_parameter, names))
