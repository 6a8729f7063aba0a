"""An invented instrument in three files: its manual, its rating plate, a training video.

`make_samples.py` makes them all. No fact that the demo asks for stands in more than one file.
"""
