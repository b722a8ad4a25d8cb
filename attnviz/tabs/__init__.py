"""The tabs in the order in which they appear; adding one is one file and one line here."""

from __future__ import annotations

from attnviz.tabs.inspector import InspectorTab
from attnviz.tabs.masking import MaskingTab
from attnviz.tabs.tokenization import TokenizationTab

TABS = (MaskingTab, InspectorTab, TokenizationTab)
