"""Models: tables to judged classifiers, and the bundle that stores one."""
