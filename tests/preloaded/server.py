"""A Python that imports the libraries of a study's programs once, and forks for each program.

Half the time of a small study goes into imports: five seconds of a core for each program that
needs PyTorch. `sitecustomize.py` hands a program over. Nothing of this project is imported before
the fork, so each copy of the tree runs its own. What a fork does not show is what a program costs,
and whether it imports all that it uses: the tests also run a whole study without.

    python tests/preloaded/server.py SOCKET     until its standard input ends
"""

import gc
import json
import os
import re
import runpy
import select
import signal
import socket
import sys
from importlib import import_module

LIBRARIES = (
    "matplotlib.figure",
    "numba",
    "pandas",
    "peft",
    "pyarrow.parquet",
    "sentence_transformers",
    "transformers.models.auto.modeling_auto",
    "transformers.models.xlm_roberta.modeling_xlm_roberta",
)
"""What takes long to import; PyTorch comes with them."""

READ_EARLY = re.compile(
    r"(CUDA(?!_VISIBLE_DEVICES$)|HF_|HUGGINGFACE|MPL|NUMBA|PYTHON|TORCH|TRANSFORMERS|TRITON)"
    r"|\w+_NUM_THREADS$"
)
"""Variables that Python or libraries may read before a program begins. GPUs are looked for by what
a program does."""

given = dict(os.environ)


def read_early(environment):
    return {name: value for name, value in environment.items() if READ_EARLY.match(name)}


def serve(place):
    """Fork for each request. It returns in the forks alone: what they are to run."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a fork that attends
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen()
        print("ready", flush=True)
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    return attend(connection)
    sys.exit()


def attend(connection):
    """Fork for one request, and see to it. It returns in the fork alone: what it is to run."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, files, *_ = socket.recv_fds(connection, 1, 3)
    request = json.loads(connection.makefile().readline())
    environment = request["environment"]
    if read_early(environment) != read_early(given):
        os._exit(0)
    connection.sendall(b"forked\n")
    if (program := os.fork()) == 0:
        connection.close()
        for place, file in enumerate(files):
            os.dup2(file, place)
            os.close(file)
        os.chdir(request["folder"])
        # Libraries have set some as they were imported.
        own = {name: value for name, value in os.environ.items() if given.get(name) != value}
        os.environ.clear()
        os.environ.update(environment | own)
        return request["arguments"]
    for file in (0, 1, 2, *files):  # who reads them is to see their end
        os.close(file)
    ended = os.pidfd_open(program)
    while ended not in select.select([connection, ended], [], [])[0]:
        # Signals to pass on; none where who asked was killed.
        for number in connection.recv(8) or [signal.SIGKILL]:
            os.kill(program, number)
    _, status = os.waitpid(program, 0)
    connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


if __name__ == "__main__":
    for library in LIBRARIES:
        import_module(library)
    gc.freeze()  # a fork that looks through them for garbage would copy them all
    sys.argv = serve(sys.argv[1])
    here = sys.path[0]
    program = os.path.abspath(sys.argv[0])
    sys.path = [os.path.dirname(program), *(folder for folder in sys.path if folder != here)]
    for name in ("PRELOADED_PYTHON", "PYTHONPATH"):
        del os.environ[name]
    runpy.run_path(program, run_name="__main__")
