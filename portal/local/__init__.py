"""The servers and processes of one checkout on one machine.

Nothing in this package needs Django: the settings import `connection` from here.
"""
