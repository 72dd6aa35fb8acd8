# SPDX-License-Identifier: MIT
"""The few packets of GDB's remote protocol that stop QEMU's machine, change a CPU, and let it go on."""

import socket
import time

RIP = 16            # number of the register in QEMU's x86-64 description; 8 bytes


class Gdb:
    """Connecting stops all CPUs."""

    def __init__(self, path, seconds=20):
        deadline = time.monotonic() + seconds
        while True:
            self._socket = socket.socket(socket.AF_UNIX)
            try:
                self._socket.connect(path)
                break
            except OSError:
                self._socket.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self._socket.settimeout(seconds)
        self._rest = b""
        self.ask("qSupported:multiprocess+")    # threads are then named pPROCESS.THREAD
        self.ask("qXfer:features:read:target.xml:0,ffb")    # else QEMU writes no single register
        self.ask("?")

    def ask(self, text):
        """Sends a packet and returns the answer's text."""
        data = text.encode()
        self._socket.sendall(b"$%s#%02x" % (data, sum(data) & 0xff))
        return self._answer()

    def _answer(self):
        while True:
            start = self._rest.find(b"$")
            end = self._rest.find(b"#", start)
            if start >= 0 and end >= 0 and len(self._rest) >= end + 3:
                text, self._rest = self._rest[start + 1:end], self._rest[end + 3:]
                self._socket.sendall(b"+")
                return text.decode()
            more = self._socket.recv(65536)
            if not more:
                raise ConnectionError("the GDB stub went away")
            self._rest += more

    def _value(self, text):
        answer = self.ask(text)
        while answer.startswith("T"):           # that the machine stopped, once more
            answer = self._answer()
        return answer

    def _must(self, text):
        answer = self._value(text)
        if answer != "OK":
            raise RuntimeError("GDB stub: %s answered %r" % (text, answer))

    def select(self, cpu):
        self._must("Hgp1.%x" % (cpu + 1))

    def write_memory(self, address, data):
        self._must("M%x,%x:%s" % (address, len(data), data.hex()))

    def read_memory(self, address, size):
        """The bytes; none when nothing is mapped there."""
        answer = self._value("m%x,%x" % (address, size))
        return b"" if answer.startswith("E") else bytes.fromhex(answer)

    def read_rip(self):
        return int.from_bytes(bytes.fromhex(self._value("p%x" % RIP)), "little")

    def write_rip(self, value):
        self._must("P%x=%s" % (RIP, value.to_bytes(8, "little").hex()))

    def close(self):
        """Detaches: the machine goes on."""
        self._must("D;1")
        self._socket.close()
