"""When an object is ready, and if not, why: one module for each family of kinds, each a pure function of objects."""
