"""Speech to text: sound in, Cues out.

contract     what a transcriber is
utterances   stretches of sound in which somebody speaks
sphinx       pocketsphinx: English, small, works everywhere, hears poorly
whisper      faster-whisper, with a model on disk
remote       a service outside that speaks OpenAI's API
languages    codes of the languages that they tell
transcripts  which transcriber serves, and a recording's cues by it
"""
