"""Names are compared by one normal form, and shown as they were given."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.dataset.columns import find_column, offered_columns
from models.dataset.spelling import (
    MISSING_WORDS,
    is_missing,
    look_alike,
    normal_form,
    one_spelling,
)
from models.dataset.targets import read_targets
from models.errors import ModelError

# Ways in which one name is written in two tables.
WAYS = {
    "capitals": str.upper,
    "title": str.title,
    "space after": "{} ".format,
    "no-break space": "{}\u00a0".format,
    "zero-width space": "\u200b{}".format,
    "underscore": lambda name: name.replace(" ", "_"),
    "hyphen": lambda name: name.replace(" ", "-"),
    "no separator": lambda name: name.replace(" ", ""),
    "two spaces": lambda name: name.replace(" ", "  "),
    "decomposed": lambda name: unicodedata.normalize("NFD", name),
    "compatibility": lambda name: name.replace("1", "\uff11"),
    "Cyrillic a": lambda name: name.replace("a", "\u0430"),
    "leading zeros": lambda name: " ".join(
        part.zfill(4) if part.isdigit() else part for part in name.split(" ")
    ),
}
WORDS = st.text("abcdefghkmnoprstuvyäéñ", min_size=2, max_size=8)
NAMES = st.builds("{} {}".format, WORDS, st.integers(1, 99_999))


@settings(max_examples=40, deadline=None)
@given(NAMES, st.sampled_from(sorted(WAYS)))
def test_a_name_has_one_form_in_every_spelling(name, way):
    assert normal_form(WAYS[way](name)) == normal_form(name)
    assert normal_form(normal_form(name)) == normal_form(name)


@settings(max_examples=60, deadline=None)
@given(NAMES, NAMES)
def test_different_names_have_different_forms(one, other):
    same = one == other
    assert (normal_form(one) == normal_form(other)) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1-12", "11-2"), ("112", "1-12"), ("P1", "P11"), ("P10", "P1"), ("CD34+", "CD34-"),
        ("CD34", "CD34-"), ("1.5", "15"), ("-1", "1"), ("1.05", "1.5"), ("A", "B"), ("é", "e"),
        ("M0", "MO"), ("P1a", "P1b"), ("2020-01-12", "2020-11-2"),
    ],
)  # fmt: skip
def test_names_that_differ_stay_apart(one, other):
    assert normal_form(one) != normal_form(other)


@given(st.integers(0, 10**6))
def test_a_number_is_the_same_as_text_and_as_decimal(number):
    forms = [str(number), f"{number}.0", f"{number:08d}", f"{number},00", f" {number} "]
    assert {normal_form(form) for form in forms} == {str(number)}


@pytest.mark.parametrize("word", sorted(MISSING_WORDS))
def test_words_for_a_missing_value_are_known_in_every_case(word):
    assert is_missing(word)
    assert is_missing(word.upper())
    assert is_missing(f" {word.title()}\u00a0")


@pytest.mark.parametrize("name", ["Nan Smith", "NA1", "0", "nano", "nonem", "unknown"])
def test_other_words_are_names(name):
    assert not is_missing(name)


def test_letters_that_look_the_same_are_found_in_words_only():
    assert look_alike("blast", "bIast")
    assert look_alike("b1ast", "blast")
    assert look_alike("norma1", "normal")
    assert not look_alike("M0", "MO")
    assert not look_alike("blast", "normal")


def test_the_most_frequent_spelling_is_used():
    spelt = one_spelling(pd.Series(["P1", "p1", "p1", None, "nan", "P2", np.nan, "NA "]))
    assert spelt.names.tolist() == ["p1", "p1", "p1", None, None, "P2", None, None]
    assert spelt.joined == (("p1", "P1"),)
    assert dict(spelt.missing) == {"nan": 1, "NA ": 1}


def table(subjects, labels=None, **more):
    count = len(subjects)
    labels = labels or ["blast", "normal"] * (count // 2)
    return pd.DataFrame({"Metadata_Subject": subjects, "Metadata_Label": labels, **more})


@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_subject_that_is_written_in_two_ways_is_one_group_with_a_note(way):
    rng = np.random.default_rng(len(way))
    names = [f"patía {number}" for number in rng.choice(900, 8, replace=False) + 100]
    others = [WAYS[way](name) for name in names]
    targets = read_targets(table([*names, *others]))
    assert targets.groups.tolist()[:8] == targets.groups.tolist()[8:]
    assert len(targets.group_names) == 8
    changed = sum(one != other for one, other in zip(names, others, strict=True))
    assert any(f"{changed} value" in note for note in targets.notes) == bool(changed)


@pytest.mark.parametrize("way", sorted(set(WAYS) - {"leading zeros", "compatibility"}))
def test_two_labels_with_one_form_are_refused_by_name(way):
    other = WAYS[way]("blást a")
    with pytest.raises(ModelError, match=r"the labels .* differ in case, spaces") as caught:
        read_targets(table(list("abcd"), ["blást a", other, "normal", "normal"]))
    if not other.isascii():
        assert ascii(other) in str(caught.value)


@pytest.mark.parametrize("word", ["nan", "NaN", "NA", "None", "n/a", " null ", "<NA>"])
def test_a_word_for_a_missing_value_is_no_class_and_no_subject(word):
    labels = ["blast", "normal", word, word, "blast", "normal"]
    targets = read_targets(table(list("abcdef"), labels))
    assert targets.classes == ("blast", "normal")
    assert targets.rows.tolist() == [0, 1, 4, 5]
    assert any(repr(word) in note and "missing value" in note for note in targets.notes)
    with pytest.raises(ModelError, match=r"empty in 1 of 4 rows \(.* missing value"):
        read_targets(table(["a", "b", "c", word]))


@pytest.mark.parametrize("way", ["capitals", "title", "space after", "no-break space"])
def test_the_positive_class_is_found_in_any_spelling(way):
    rows = table(list("abcd"), [WAYS[way]("blast"), "normal"] * 2)
    assert read_targets(rows).positive == read_targets(rows, positive="Blast").positive
    assert read_targets(rows, positive="NORMAL").positive == 1 - read_targets(rows).positive


COLUMNS = ["Metadata_Image", "Metadata_patient id", "Metadata_Label", "Metadata_File_Rows"]


@pytest.mark.parametrize(
    "wanted",
    ["Metadata_Patient ID", "Patient ID", "patient_id", "PATIENTID", "metadata_patient-id"],
)
def test_a_column_is_found_by_any_spelling(wanted):
    assert find_column(COLUMNS, wanted) == "Metadata_patient id"
    rows = table(list("xxxx"), **{"Metadata_patient id": list("abcd")})
    assert len(read_targets(rows, group=wanted).group_names) == 4
    assert read_targets(rows, label="LABEL").classes == ("blast", "normal")


def test_a_column_that_is_not_there_is_answered_with_those_that_are():
    assert find_column(COLUMNS, "Patinet") == "Patinet"
    assert offered_columns(COLUMNS, "Metadata_Patinet id").startswith(
        "the table has 'Metadata_patient id', "
    )
    assert "File_Rows" not in offered_columns(COLUMNS, "x")
    rows = table(list("abcd"))
    with pytest.raises(ModelError, match=r"no column Metadata_Bed; name .*'Metadata_Subj") as bed:
        read_targets(rows, group="Metadata_Bed")
    assert "--no-groups" not in str(bed.value)
    with pytest.raises(ModelError, match="--no-groups"):
        read_targets(rows.drop(columns="Metadata_Subject"))
    with pytest.raises(ModelError, match=r"no column Metadata_Clas; .*'Metadata_Label'"):
        read_targets(rows, label="Metadata_Clas")


def test_a_name_of_two_columns_is_refused():
    with pytest.raises(ModelError, match=r"'Metadata_Bed 1' or 'Metadata_bed_01'"):
        find_column(["Metadata_Bed 1", "Metadata_bed_01"], "bed1")
    assert find_column(["Metadata_Bed", "Bed"], "Bed") == "Bed"


def test_a_class_that_copies_leave_one_subject_is_refused_with_the_reason():
    rows = table(list("abcd"), Metadata_SHA256=["x", "y", "x", "z"])
    with pytest.raises(ModelError, match=r"'blast' has 2 subjects .* one group: .* a = c"):
        read_targets(rows)
