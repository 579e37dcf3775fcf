"""Every exception has a code of its own, a sentence, and travels between processes."""

from __future__ import annotations

import inspect
import pickle
import string

import pytest

from junmai import errors
from junmai.errors import JunmaiError

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, JunmaiError)]


def _fields(kind: type[JunmaiError]) -> dict[str, object]:
    """A value for each field that the message names."""
    text = inspect.cleandoc(kind.__doc__ or "")
    return {name.split("!")[0]: f"<{name}>" for _, name, _, _ in string.Formatter().parse(text) if name}


def _made(kind: type[JunmaiError]) -> JunmaiError:
    return kind(**_fields(kind))


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in ALL]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("kind", ALL)
def test_each_class_names_its_own_code(kind: type[JunmaiError]) -> None:
    assert "code" in vars(kind)
    assert kind.code.isidentifier()
    assert kind.code == kind.code.lower()


@pytest.mark.parametrize("kind", ALL)
def test_the_message_is_the_docstring_with_its_fields(kind: type[JunmaiError]) -> None:
    assert "__doc__" in vars(kind)
    error = _made(kind)
    assert str(error) == error.message
    assert "\n" not in error.message
    assert "  " not in error.message
    for value in error.fields.values():
        assert str(value) in error.message


@pytest.mark.parametrize("kind", [kind for kind in ALL if (kind.__doc__ or "").strip() != "{detail}"])
def test_the_message_is_a_sentence(kind: type[JunmaiError]) -> None:
    message = (kind.__doc__ or "").strip()
    assert message[0].isupper() or message[0] == "{"
    assert message[-1] in ".}"


@pytest.mark.parametrize("kind", ALL)
def test_an_error_comes_whole_through_a_pipe(kind: type[JunmaiError]) -> None:
    error = _made(kind)
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert type(back) is kind
    assert (back.message, back.fields, back.args) == (error.message, error.fields, error.args)


@pytest.mark.parametrize("kind", ALL)
def test_exit_codes_and_answers_are_those_of_the_contract(kind: type[JunmaiError]) -> None:
    assert kind.exit_code in {1, 2}
    assert kind.http_status in {404, 409, 422, 500}
    if issubclass(kind, errors.BadInput):
        assert kind.exit_code == 2
        assert kind.http_status != 500


def test_a_broken_file_is_not_tried_again_and_a_full_disk_is() -> None:
    passing = {kind.code for kind in ALL if issubclass(kind, errors.PhotoError) and kind.may_pass}
    assert passing == {
        *("source_unreadable", "output_not_writable", "sidecar_changed", "disk_full", "out_of_memory"),
        "develop_failed",
    }


def test_a_field_that_the_message_needs_must_be_given() -> None:
    with pytest.raises(KeyError):
        errors.SourceMissing()
