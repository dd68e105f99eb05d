#!/usr/bin/env python3
"""Lays out what the site is made of: the repository's pages in their folders, what they link to, and lists of contents.

  stage.py FOLDER

README.md becomes the first page; a page of the Python module's public names is written from what the module says of
itself. A link to a folder or to a source file leads nowhere on a site, and becomes text.
"""
import inspect
import pathlib
import re
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]+)((?:#[^)]*)?)\)")
PICTURES = (".png", ".svg", ".jpg", ".gif")
CONTENTS = [
    ("Using posse", ["tutorial", "coming-from", "projects", "video", "results", "tracking", "evaluation", "suggest", "report",
                     "study", "cluster", "neurocaas", "gpu", "export", "cli"]),
    ("From programs", ["library", "compat", "formats"]),
    ("How it works", ["architecture", "conventions", "networks", "math", "math-smoothing", "compat-eks", "performance"]),
    ("The project", ["versioning", "releasing"]),
]


def pages():
    """Every page of the site, relative to the repository."""
    found = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", ROOT / "CODE_OF_CONDUCT.md",
             ROOT / "SECURITY.md", ROOT / "data" / "demo" / "README.md", ROOT / "benchmarks" / "README.md"]
    found += sorted((ROOT / "docs").rglob("*.md")) + sorted((ROOT / "examples").rglob("*.md"))
    return [path.relative_to(ROOT) for path in found if path.exists()]


def staged_name(page):
    return pathlib.Path("index.md") if page == pathlib.Path("README.md") else page


def with_links_of_the_site(page, known, folder):
    """The page's text with links that lead to pages and pictures of the site."""

    def of(match):
        picture, text, target, anchor = match.groups()
        if "://" in target or target.startswith("mailto:"):
            return match[0]
        path = (ROOT / page).parent.joinpath(target).resolve()
        if not path.is_relative_to(ROOT):
            return text
        inside = path.relative_to(ROOT)
        if picture or path.suffix in PICTURES:
            (folder / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / inside)
            return match[0]
        if inside not in known:
            return text if "`" in text else "`%s`" % inside if path.exists() and text == str(inside) else text
        up = "../" * (len(staged_name(page).parts) - 1)
        return f"[{text}]({up}{staged_name(inside)}{anchor})"

    return LINK.sub(of, (ROOT / page).read_text())


def contents(caption, names):
    return "\n```{toctree}\n:hidden:\n:caption: %s\n\n%s\n```\n" % (caption, "\n".join(names))


def lists_of_contents(known):
    """Every page stands in one list; what CONTENTS does not name comes last."""
    left = [str(staged_name(page).with_suffix("")) for page in known]
    left.remove("index")
    text = ""
    for caption, names in CONTENTS:
        chosen = [name for name in (f"docs/{name}" for name in names) if name in left]
        left = [name for name in left if name not in chosen]
        if caption == "From programs":
            chosen = ["python", "headers", *chosen]
        if caption == "The project":
            chosen, left = chosen + left, []
        text += contents(caption, chosen)
    return text


def python_page():
    """Every public name of the module posse, with its docstring."""
    import posse

    parts = ["# The Python module\n\n```{eval-rst}\n.. automodule:: posse\n```\n"]
    modules = []
    for name in sorted(posse.__all__, key=str.lower):
        thing = getattr(posse, name)
        if inspect.ismodule(thing):
            modules.append(name)
        elif inspect.isclass(thing):
            parts.append(f"## {name}\n\n```{{eval-rst}}\n.. autoclass:: posse.{name}\n   :members:\n```\n")
        elif callable(thing):
            parts.append(f"## {name}\n\n```{{eval-rst}}\n.. autofunction:: posse.{name}\n```\n")
    for name in modules:
        parts.append(f"## posse.{name}\n\n```{{eval-rst}}\n.. automodule:: posse.{name}\n   :members:\n```\n")
    return "\n".join(parts)


def main():
    folder = pathlib.Path(sys.argv[1])
    known = pages()
    for page in known:
        target = folder / staged_name(page)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(with_links_of_the_site(page, known, folder))
    with (folder / "index.md").open("a") as index:
        index.write(lists_of_contents(known))
    (folder / "python.md").write_text(python_page())
    (folder / "headers.md").write_text("# The C and C++ headers\n\n"
                                       "<a href=\"cpp/files.html\">Every header and what stands in it</a>, made from the headers themselves.\n")
    shutil.copy(pathlib.Path(__file__).with_name("conf.py"), folder)


if __name__ == "__main__":
    main()
