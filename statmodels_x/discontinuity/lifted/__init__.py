"""The convex relaxation of the Mumford-Shah energy: solved, certified, and polished into a surface with jumps."""
