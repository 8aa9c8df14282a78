# Runs a command in a terminal of its own, because only a real one turns Ctrl-C into a signal for the foreground process
# group and says isTTY. What comes on stdin is typed; the end of stdin closes the window. What the terminal shows goes to
# stdout. Ends as the command did: its exit code, or 128 + the signal.
# usage: python3 terminal.py COLUMNS COMMAND [ARGUMENT...]
import fcntl
import os
import pty
import select
import struct
import sys
import termios

columns, command = int(sys.argv[1]), sys.argv[2:]
pid, window = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
fcntl.ioctl(window, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))

sources = [0, window]
while window in sources:
    for ready in select.select(sources, [], [])[0]:
        try:
            data = os.read(ready, 65536)
        except OSError:  # EIO: nobody has the terminal open any more
            data = b""
        if not data:
            sources.remove(ready)
            if ready == 0 and window in sources:
                os.close(window)  # the kernel sends SIGHUP
                sources.remove(window)
        elif ready == window:
            os.write(1, data)
        else:
            os.write(window, data)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(code if code >= 0 else 128 - code)
