"""Errors that old scripts may catch as AssertionError, and new ones as what they are."""

from __future__ import annotations

from posse import InputError, MissingError

__all__ = ["MissingInput", "WrongInput", "WrongType"]


class MissingInput(MissingError, AssertionError):
    """A folder, video or table that is not there; the original asserted it."""


class WrongInput(InputError, AssertionError):
    """A value of the wrong shape or range; the original asserted it."""


class WrongType(TypeError, AssertionError):
    """An argument of the wrong type; the original asserted it."""
