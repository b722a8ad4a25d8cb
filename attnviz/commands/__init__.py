"""The headless twins of the tabs: each drains one job and prints or writes its records."""

from __future__ import annotations

from attnviz.commands import doctor, fill_mask, inspect, listing

COMMANDS = (listing, fill_mask, inspect, doctor)
