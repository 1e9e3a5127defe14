"""Figures: how this program compares with the plain way of doing the same, as ratios measured in one run."""
