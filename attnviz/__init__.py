"""attnviz: open a language model and see it think."""

import os

# numpy unfolds single heads: matrices so small that waking its threads costs a hundred times the product itself.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
