"""Views: one widget a file, each a picture of (trace, cursor)."""
