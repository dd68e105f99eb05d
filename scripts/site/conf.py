"""Sphinx's settings for the site that scripts/make_site.sh makes; the pages are those that stage.py has laid beside this file."""

import os
import sys

sys.path.insert(0, os.environ["POSSE_PYTHON"])
sys.dont_write_bytecode = True

project = "posse"
author = copyright = "the posse developers"
version = release = os.environ["POSSE_VERSION"]
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
source_suffix = {".md": "markdown"}
master_doc = "index"
myst_heading_anchors = 4
# Blocks of code are shown as they are; most are commands with what they print.
highlight_language = "none"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
html_theme = "alabaster"
html_theme_options = {"description": "consensus poses from ensembles of pose networks", "page_width": "1100px"}
html_extra_path = ["extra"]
