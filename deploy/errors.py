"""What keeps a stack from starting."""


class StackError(Exception):
    """What went wrong, and what to do next, for the person at the console."""


class AlreadyRunning(StackError):
    """Another process runs a stack on this folder."""


class NotAnswering(Exception):
    """A service or program doesn't answer, or not as it should; it may yet."""
