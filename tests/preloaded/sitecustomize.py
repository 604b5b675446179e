"""Hands a program of a study over to a Python that has its libraries in memory: server.py.

Each Python that has this folder in PYTHONPATH reads this file as it starts. One that is to run
`workflow_scripts/NAME.py` asks the server for a fork that runs it instead, in the same folder and
environment, on the same files. It passes signals on, and ends as the fork ended. Any other Python
goes on, and so does one whose libraries would be imported differently.
"""

import json
import os
import re
import signal
import socket
import sys

PLACE = "PRELOADED_PYTHON"
"""The variable that names the socket of the server."""


def asked(line):
    """What a Python is to run, of its command line: a program of a study, and its arguments."""
    if len(line) > 1 and re.fullmatch(r"(.*/)?workflow_scripts/\w+\.py", line[1]):
        return line[1:]
    return None


def hand_over(place, arguments):
    """Have a fork run a program: its exit status as `subprocess` gives it, or None if none does."""
    request = {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}
    with socket.socket(socket.AF_UNIX) as server:
        try:
            server.connect(place)
        except OSError:  # it has ended
            return None
        socket.send_fds(server, [b"\0"], [0, 1, 2])
        server.sendall(json.dumps(request).encode() + b"\n")
        answer = server.makefile()
        if answer.readline() != "forked\n":
            return None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: server.sendall(bytes([number])))
        return int(answer.readline())


if PLACE in os.environ and (arguments := asked(sys.orig_argv)):
    status = hand_over(os.environ[PLACE], arguments)
    if status is not None:
        if status < 0:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), -status)
        os._exit(status)
