"""What gunicorn serves."""

import gc

from api.app import create_app

app = create_app()
# What is loaded stays: no collection need look through it again.
gc.collect()
gc.freeze()
