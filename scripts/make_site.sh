#!/usr/bin/env bash
# make_site.sh [PYTHON]: makes the documentation site in build/site/html: every page of docs/, the Python module's public
# names, the C and C++ headers. Warnings are errors. PYTHON is the folder of the built module (default: build/release/python).
# Exit status 77 when what it needs is not there (scripts/packages-docs.txt).
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "$0")")/.."

skip() {
  echo "SKIPPED: $1"
  exit 77
}

modules=$(readlink -m -- "${1:-build/release/python}")
command -v doxygen >/dev/null || skip "no doxygen (scripts/packages-docs.txt)"
/usr/bin/python3 -c 'import sphinx, myst_parser' 2>/dev/null || skip "no Sphinx with MyST (scripts/packages-docs.txt)"
PYTHONPATH=$modules /usr/bin/python3 -B -c 'import posse; posse.__all__' 2>/dev/null ||
  skip "no Python module for /usr/bin/python3 in $modules: ./posse test builds it, or build with ./posse and name build/user/python"

site=$PWD/build/site
rm -rf "$site/source" "$site/html"
mkdir -p "$site/source/extra"
export POSSE_PYTHON=$modules POSSE_VERSION PYTHONDONTWRITEBYTECODE=1
POSSE_VERSION=$(<VERSION)

{ cat scripts/site/Doxyfile; echo "OUTPUT_DIRECTORY = $site/source/extra"; echo "HTML_OUTPUT = cpp"; } | doxygen -
PYTHONPATH=$modules /usr/bin/python3 scripts/site/stage.py "$site/source"
/usr/bin/python3 -m sphinx -b html -q -W --keep-going "$site/source" "$site/html"
echo "$site/html/index.html"
