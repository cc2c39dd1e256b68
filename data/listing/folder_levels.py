"""Which level of folders holds the classes: below folders of images and of splits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

# Names of folders that hold all images, next to folders of other files.
IMAGE_FOLDERS = frozenset(("img", "imgs", "image", "images", "im"))
MASK_FOLDERS = frozenset(("mask", "masks"))

Folders = tuple[str, ...]

_WORDS = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SPLIT = re.compile(
    r"(train(ing)?|trainval|trn|test(ing)?|tst|val(id|idation|idate)?|dev(elopment)?|eval(uation)?|holdout|k?folds?"
    r"|splits?|cv)(sets?|data|images?|imgs?)?"
)
_FILLER = re.compile(
    r"sets?|data(sets?)?|images?|imgs?|pictures?|simple|hard|easy|small|large|final|prelim(inary)?"
    r"|phase|split|out|hold|aug(mented)?|orig(inal)?|new|old|st|nd|rd|th|[a-z]"
)
# Nouns of classes of cells and patients: a folder with such a name is a class, not a split.
_CLASS = re.compile(
    r"blast|norm|benign|malig|health|leuk|lymph|mono|neutro|eosin|baso|plate|thromb|eryth|myelo"
    r"|granulo|smudge|cancer|tumou?r|sick|disease|control|positiv|negativ|infect"
    r"|^(all|aml|apl|cll|cml|hem|pos|neg|ig)$",
    re.IGNORECASE,
)
# Least share of the sub-folders that folders with "the same sub-folders" have, on average.
_SAME = 0.6
_EXAMPLES = 6


@dataclass(frozen=True)
class FolderLevels:
    """What the folders of the images mean.

    Attributes
    ----------
    labels : tuple of (str or None)
        The class of each image: its first folder below those of images and splits.
    splits : tuple of (str or None)
        The folders of splits of each image, joined with ``/``.
    notes : tuple of str
        What was taken for a split, and what could have been.
    """

    labels: tuple[str | None, ...]
    splits: tuple[str | None, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Levels:
    """The folders of each image that are not explained yet, and those taken for splits."""

    rest: tuple[Folders, ...]
    splits: tuple[Folders, ...]
    notes: tuple[str, ...] = ()


def read_levels(folders: Sequence[Folders]) -> FolderLevels:
    """Return class and split of images from the names of their folders, outermost first.

    A level is one of splits if all of its folders but those of masks are called so (train, Test,
    TEST_SIMPLE, val, fold_0; external_test if it holds folders only), or at least two and these
    hold folders only; the first level also if its folders hold the same sub-folders. It is not if
    its folders have the names of classes, or if the sub-folders are numbered (p01, p02) or splits
    themselves.

    Parameters
    ----------
    folders : sequence of tuple of str
        For each image.
    """
    levels = _Levels(tuple(folders), ((),) * len(folders))
    first = True
    while any(levels.rest):
        inner = _without_outer(levels, is_first=first)
        if inner is None:
            break
        first = first and inner.splits == levels.splits
        levels = inner
    if first:
        levels = replace(levels, notes=(*levels.notes, *_note_repeated(levels.rest)))
    return FolderLevels(
        tuple(one[0] if one else None for one in levels.rest),
        tuple("/".join(one) or None for one in levels.splits),
        levels.notes,
    )


def _without_outer(levels: _Levels, *, is_first: bool) -> _Levels | None:
    """Return the levels without an outermost level of images or splits; None if it has classes."""
    named = {one[0] for one in levels.rest if one}
    images = {name for name in named if name.lower() in IMAGE_FOLDERS}
    if images:
        return replace(levels, rest=_dropped(levels.rest, images))
    children = _children(levels.rest)
    found = _named_splits(children)
    if not found and is_first and _is_repeated(children) and not _are_classes(children):
        found = named
    if found:
        shown = ", ".join(sorted(found)[:_EXAMPLES]) + (", …" if len(found) > _EXAMPLES else "")
        return _Levels(
            _dropped(levels.rest, found),
            tuple(
                (*split, one[0]) if one and one[0] in found else split
                for split, one in zip(levels.splits, levels.rest, strict=True)
            ),
            (
                *levels.notes,
                f"the folders {shown} are splits (column Metadata_Split): the label is the folder"
                " below; give a manifest if they are classes",
            ),
        )
    return _without_wrapper(levels, named)


def _without_wrapper(levels: _Levels, named: AbstractSet[str]) -> _Levels | None:
    """Return the levels without a single folder around folders of images or splits, if it is one.

    A folder that has the name of a class, or no classes below it, is a class.
    """
    alone = len(named) == 1 and all(len(one) > 1 for one in levels.rest)
    if not alone or any(map(_CLASS.search, named)):
        return None
    inner = _without_outer(replace(levels, rest=_dropped(levels.rest, named)), is_first=True)
    return inner if inner and any(inner.rest) else None


def _dropped(rest: Sequence[Folders], names: AbstractSet[str]) -> tuple[Folders, ...]:
    return tuple(one[1:] if one and one[0] in names else one for one in rest)


def _children(rest: Sequence[Folders]) -> dict[str, set[str | None]]:
    """Return the sub-folders of each outermost folder; None is for images in the folder."""
    children: dict[str, set[str | None]] = {}
    for one in rest:
        if one:
            children.setdefault(one[0], set()).add(one[1] if len(one) > 1 else None)
    return children


def _named_splits(children: Mapping[str, AbstractSet[str | None]]) -> set[str]:
    """Return the folders that are splits by their names."""
    named = {
        name
        for name, below in children.items()
        if is_split_name(name) or (None not in below and _names_split(name))
    }
    if all(name in named or name.lower() in MASK_FOLDERS for name in children):
        return named
    nested = all(None not in children[name] for name in named)
    return named if len(named) > 1 and nested else set()


def is_split_name(name: str) -> bool:
    """Whether a folder has the name of a split: train, Test-Set, TEST_SIMPLE, validation, fold_0.

    >>> [is_split_name(name) for name in ("TestA", "train data", "cv3", "testis", "blast test")]
    [True, True, True, False, False]
    """
    words = _words(name)
    if words[:2] == ["hold", "out"]:
        return True
    splits = [word for word in words if _SPLIT.fullmatch(word)]
    return bool(splits) and all(word in splits or _FILLER.fullmatch(word) for word in words)


def _names_split(name: str) -> bool:
    """Whether a name has the word of a split and none of a class: external_test, training_wbc_2."""
    words = _words(name)
    return any(map(_SPLIT.fullmatch, words)) and not any(map(_CLASS.search, words))


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(_CAMEL.sub(" ", name))]


def _is_repeated(children: Mapping[str, AbstractSet[str | None]]) -> bool:
    """Whether at least two folders hold nearly the same sub-folders, and no images."""
    held = [{_folded(one) for one in names if one is not None} for names in children.values()]
    union = set().union(*held)
    if len(held) < 2 or len(union) < 2 or any(None in names for names in children.values()):
        return False
    return sum(map(len, held)) >= _SAME * len(held) * len(union)


def _are_classes(children: Mapping[str, AbstractSet[str | None]]) -> bool:
    """Whether folders that hold the same sub-folders are classes and not splits."""
    if _hold_no_classes(children):
        return True
    if _are_numbered(children.keys()):
        return False
    return all(map(_CLASS.search, children)) or _are_numbered(_below(children))


def _hold_no_classes(children: Mapping[str, AbstractSet[str | None]]) -> bool:
    """Whether the sub-folders are splits, or folders of images and masks."""
    below = _below(children)
    return all(map(is_split_name, below)) or any(
        name.lower() in IMAGE_FOLDERS | MASK_FOLDERS for name in below
    )


def _below(children: Mapping[str, AbstractSet[str | None]]) -> set[str]:
    return {name for names in children.values() for name in names if name is not None}


def _are_numbered(names: AbstractSet[str]) -> bool:
    """Whether names of letters and digits differ in their digits only, as p01 and p02."""
    forms = {re.sub(r"\d+", "#", _folded(name)) for name in names}
    form = next(iter(forms))
    return len(forms) == 1 and "#" in form and form != "#"


def _folded(name: str) -> str:
    return name.strip().casefold()


def _note_repeated(rest: Sequence[Folders]) -> list[str]:
    """Say that the first level was taken for the classes, where the second could be."""
    children = _children(rest)
    counts = Counter(_folded(one) for names in children.values() for one in names if one)
    repeated = sorted(name for name, count in counts.items() if count > 1)
    if not repeated or _hold_no_classes(children):
        return []
    return [
        f"the folders {', '.join(sorted(children)[:_EXAMPLES])} are classes, although several of"
        f" them hold a folder {', '.join(repeated[:_EXAMPLES])}; give a manifest if the folders"
        " below are the classes"
    ]
