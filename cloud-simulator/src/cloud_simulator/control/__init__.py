"""The control API, by which tests and people drive the simulation."""
