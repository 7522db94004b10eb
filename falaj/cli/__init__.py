"""The ``falaj`` command: each verb calls one function of a package beside this one."""
