"""The knowledge pipeline as a plain library: no Flask, no Celery, no SQLAlchemy, no Redis."""
