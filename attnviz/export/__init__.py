"""Figures and numbers on their way out of the program: SVG, PDF, PNG, CSV and NPZ."""
