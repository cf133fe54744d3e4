"""The normal model of a surface given its jump set, and of the errors of the cells."""
