"""attnviz: open a language model and see it think."""

__version__ = "0.1.0"
