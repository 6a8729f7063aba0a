"""What gunicorn serves."""

import gc

from api.app import create_app
from api.startup import settings_or_exit

app = create_app(settings_or_exit())
# What is loaded stays: no collection need look through it again.
gc.collect()
gc.freeze()
