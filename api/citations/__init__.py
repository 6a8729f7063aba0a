"""Proofs that stay: moved to a new version, withdrawn with their source, told in words."""
