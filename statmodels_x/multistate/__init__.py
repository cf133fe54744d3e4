"""Progression and death together: competing risks, illness-death and other acyclic multi-state models."""
