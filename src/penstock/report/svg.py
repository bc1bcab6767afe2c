"""A plotting library's SVG file made fit to stand within a page of a strict content policy."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

__all__ = ["embed"]

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
CLASS_PREFIX = "plot-"
PRESENTATION = frozenset(
    {
        "fill",
        "fill-opacity",
        "opacity",
        "stroke",
        "stroke-dasharray",
        "stroke-dashoffset",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-opacity",
        "stroke-width",
        "text-anchor",
    }
)
"""Style properties that SVG also has as attributes: a strict policy refuses `style="..."`."""

LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")
DRAWN = ("d", "x", "y", "width", "height", "viewBox")


def embed(svg: bytes, *, name: str, title: str, text: str) -> str:
    """Return the picture as an `svg` element without scripts, styles or metadata.

    Ids become classes where they begin with `plot-`, so that the page can colour them; those that
    are referred to get the prefix `name`, the rest is dropped. `title` and `text` become the text
    alternative.
    """
    root = ET.fromstring(svg)  # noqa: S314 - our own plotting library wrote it
    _drop(root)
    for element in root.iter():
        _simplify(element)
    _rename(root, name=name)
    for shape in root.iterfind(".//defs//path"):
        # A shape that is used takes its colour from where it is used, which the page styles.
        shape.attrib.pop("fill", None)
        shape.attrib.pop("stroke", None)
    _label(root, name=name, title=title, text=text)
    return ET.tostring(root, encoding="unicode")


def _drop(root: ET.Element) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in {"style", "metadata", "script"}:
                parent.remove(child)


def _simplify(element: ET.Element) -> None:
    element.tag = element.tag.removeprefix(SVG)
    element.tail = None
    if element.tag != "text":
        element.text = None
    element.attrib.pop("transform", None)  # labels come turned by 0 degrees
    for key in DRAWN:
        if (value := element.get(key)) is not None:
            short = LONG_NUMBER.sub(lambda found: f"{float(found[0]):.1f}", value)
            element.set(key, " ".join(short.split()))
    for declaration in element.attrib.pop("style", "").split(";"):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        if key in PRESENTATION:
            element.set(key, value)


def _rename(root: ET.Element, *, name: str) -> None:
    ids: dict[str, str] = {}
    for element in root.iter():
        for key, link in _links(element):
            new = ids.setdefault(link, f"{name}-{len(ids)}")
            element.attrib.pop(key)
            if key == LINK:
                element.set("href", f"#{new}")
            else:
                element.set(key, f"url(#{new})")
    for element in root.iter():
        old = element.attrib.pop("id", "")
        if old in ids:
            element.set("id", ids[old])
        elif old.startswith(CLASS_PREFIX):
            element.set("class", old)


def _links(element: ET.Element) -> list[tuple[str, str]]:
    links = ((key, element.get(key)) for key in (LINK, "clip-path"))
    return [
        (key, value.removeprefix("url(").removesuffix(")").removeprefix("#"))
        for key, value in links
        if value is not None
    ]


def _label(root: ET.Element, *, name: str, title: str, text: str) -> None:
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("class", "plot")
    root.set("aria-labelledby", f"{name}-title {name}-text")
    for place, (tag, words) in enumerate((("title", title), ("desc", text))):
        label = ET.Element(tag, id=f"{name}-{'text' if place else 'title'}")
        label.text = words
        root.insert(place, label)
