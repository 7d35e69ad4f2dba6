"""Errors carry their message in two languages, and keep it on their way between processes."""

import pickle

import pytest

from qy_gis import errors


@pytest.mark.parametrize("kind", [errors.SourceError, errors.MissingSourceError, errors.OutputError])
def test_error_in_two_languages(kind):
    error = kind("there is nothing", zh="什么也没有")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == "什么也没有\nthere is nothing"
    assert (copy.zh, copy.en) == (error.zh, error.en)


def test_error_in_english_alone():
    assert str(errors.CRSError("no CRS")) == "no CRS"


def test_plan_error_keeps_its_faults():
    error = pickle.loads(pickle.dumps(errors.PlanError(["a", "b"])))
    assert error.faults == ["a", "b"]
    assert str(error).splitlines() == ["规划有 2 处错误", "2 faults in the plan", "- a", "- b"]


def test_plan_error_says_its_faults_in_both_languages():
    error = pickle.loads(pickle.dumps(errors.PlanError([errors.Fault("a", "甲"), "b"])))
    assert error.faults == ["a", "b"]
    assert str(error).splitlines() == ["规划有 2 处错误", "- 甲", "2 faults in the plan", "- a", "- b"]


def test_faults_joined():
    assert errors.join_faults([errors.Fault("a", "甲"), errors.Fault("b", "乙")]) == ("a\nb", "甲\n乙")
