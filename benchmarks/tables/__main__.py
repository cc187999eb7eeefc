"""Rewrite every document whose figures have changed, and print its name."""

from benchmarks.tables import DOCUMENTS, rewritten
from benchmarks.tables.markdown import ROOT

for pattern in DOCUMENTS:
    for path in sorted(ROOT.glob(pattern)):
        before = path.read_text(encoding="utf-8")
        after = rewritten(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(path.relative_to(ROOT))
