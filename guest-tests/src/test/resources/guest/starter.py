"""Starts a program as service managers do, and tells what it says to them:

    starter.py [--fd PATH] [--syslog] [--notify PATH] -- COMMAND...

With --fd it gets a socket that listens at PATH as descriptor 3. With --syslog there is a syslog daemon at /dev/log, which must not be there yet,
or be in a mount namespace of its own. With --notify it finds a service manager at PATH. Each line that the daemon or the manager gets is written
to standard output, after SYSLOG or NOTIFY. Ends with the program, and with its status.
"""

import os
import selectors
import socket
import sys

DESCRIPTOR = 3


def datagrams(path):
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(path)
    os.chmod(path, 0o666)
    return receiver


def become(command, listener):
    if listener:
        if listener.fileno() == DESCRIPTOR:
            os.set_inheritable(DESCRIPTOR, True)
        else:
            os.dup2(listener.fileno(), DESCRIPTOR)
    os.execvp(command[0], command)


def main(words):
    listener, receivers = None, {}
    while (option := words.pop(0)) != "--":
        if option == "--fd":
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(words.pop(0))
            listener.listen()
        elif option == "--syslog":
            receivers["SYSLOG"] = datagrams("/dev/log")
        else:
            os.environ["NOTIFY_SOCKET"] = words.pop(0)
            receivers["NOTIFY"] = datagrams(os.environ["NOTIFY_SOCKET"])
    child = os.fork()
    if child == 0:
        become(words, listener)
    ended = os.pidfd_open(child)
    with selectors.DefaultSelector() as waiting:
        waiting.register(ended, selectors.EVENT_READ, None)
        for name, receiver in receivers.items():
            waiting.register(receiver, selectors.EVENT_READ, name)
        alive = True
        while alive:
            for key, _ in waiting.select():
                if key.data is None:
                    alive = False
                else:
                    print(key.data, key.fileobj.recv(65536).decode(), flush=True)
    for name, receiver in receivers.items():
        receiver.setblocking(False)
        try:
            while True:
                print(name, receiver.recv(65536).decode(), flush=True)
        except BlockingIOError:
            pass
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
