"""Untrusted bytes -> pixels."""
