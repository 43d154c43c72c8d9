"""A stand-in for Stripe on this machine: stateful, driven by Stripe's own library, no network.

It knows nothing of the portal: plain Python, HTTP in and out. What it leaves out answers 404 as
Stripe does for an unknown address, never a made-up success.
"""
