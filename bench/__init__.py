"""Figures, beside limits, in one run: `make bench`."""
