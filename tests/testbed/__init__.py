"""The project's own testbed: a real Kubernetes in namespaces of its own, on one machine, with nothing left behind.

`python -m tests.testbed up` from the project's root brings it up; README.md in this folder tells the rest.
Only the standard library is imported, so that it runs before anything is installed (`plugin` excepted).
"""
