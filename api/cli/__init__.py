"""`flask --app api ...`: what an operator does at the command line."""
