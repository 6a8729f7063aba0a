"""Fetching what others publish, without being led to what is ours.

`addresses` says which URLs and addresses may be asked, `connections` opens a connection to the
very address that was checked, `snapshot` gets the bytes.
"""
