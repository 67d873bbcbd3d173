"""`frame: NAME`: a layer of settings that chooses one of the frames under `frames:`."""

from __future__ import annotations

from btk.adapters.settings_tree import Branch, Leaf, merge

_CHOSEN = "(chosen)"


def with_choice_kept(tree: Branch) -> Branch:
    """A name replaces what the layers below said of the frame, and later layers refine what it names."""
    frame = tree.children.get("frame")
    if not (isinstance(frame, Leaf) and isinstance(frame.value, str)):
        return tree
    return _with_frame(tree, Branch({_CHOSEN: frame}, frame.origin))


def with_choice_made(tree: Branch) -> tuple[Branch, Leaf | None]:
    """The tree with the named frame in place of its name; the name too when no frame has it."""
    frame, frames = tree.children.get("frame"), tree.children.get("frames")
    if not (isinstance(frame, Branch) and _CHOSEN in frame.children):
        return tree, None
    refined = Branch({key: node for key, node in frame.children.items() if key != _CHOSEN}, frame.origin)
    chosen = frame.children[_CHOSEN]
    assert isinstance(chosen, Leaf)
    known = frames.children if isinstance(frames, Branch) else {}
    named = known.get(chosen.value)
    if isinstance(named, Branch):
        return _with_frame(tree, merge(named, refined) if refined.children else named), None
    return _with_frame(tree, refined), chosen


def _with_frame(tree: Branch, frame: Branch | Leaf) -> Branch:
    return Branch({**tree.children, "frame": frame}, tree.origin)
