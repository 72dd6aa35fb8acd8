# SPDX-License-Identifier: MIT
"""Runs a QEMU command, keeps its serial console in a log, shows it to a callback line by line, and
says why the machine ended: QEMU's monitor (QMP) tells a power-off from a reset. It can also type: each
piece once the console has shown the text that it waits for."""

import json
import os
import re
import select
import socket
import subprocess
import time
from dataclasses import dataclass, field

# Console text after which waiting makes no sense: (text, what it means).
FATAL = [
    ("Panic on CPU", "the hypervisor panicked"),
    ("Kernel panic - not syncing", "dom0's kernel panicked"),
    ("KVM internal error", "KVM cannot run this"),
    ("you need to load the kernel first", "GRUB could not load the hypervisor"),
    ("domain_crash", "the hypervisor ended dom0"),
    ("Domain 0 crashed", "the hypervisor ended dom0"),
]


SERIAL = {
    "port": ["-serial", "stdio"],
    "pci": ["-chardev", "stdio,id=serial", "-device", "pci-serial,chardev=serial"],
}


@dataclass
class Outcome:
    why: str = ""               # poweroff, reset, stopped, timeout, silence, fatal, exited
    detail: str = ""
    seconds: float = 0.0
    lines: list = field(default_factory=list)       # the console, without time stamps
    log: str = ""

    def text(self):
        return "\n".join(self.lines)

    def explain(self):
        reasons = {
            "poweroff": "the machine powered off",
            "reset": "the machine was reset",
            "timeout": "no end after %.0f s" % self.seconds,
            "silence": "nothing on the console for too long",
            "exited": "QEMU ended by itself",
        }
        return reasons.get(self.why, self.why) + (": " + self.detail if self.detail else "")


class Monitor:
    """The few things asked of QMP (qemu-qmp-ref): events, pictures of the screen, NMIs."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(path)
        self._rest = b""
        self._socket.sendall(b'{"execute": "qmp_capabilities"}\n')

    def fileno(self):
        return self._socket.fileno()

    def events(self):
        try:
            data = self._socket.recv(65536)
        except OSError:
            data = b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        messages = [json.loads(line) for line in lines if line.strip()]
        return [message for message in messages if "event" in message], not data

    def screendump(self, path):
        """Have the picture on the machine's screen written to PATH (PPM); QEMU does it by and by."""
        order = {"execute": "screendump", "arguments": {"filename": path}}
        self._socket.sendall(json.dumps(order).encode() + b"\n")

    def inject_nmi(self):
        self._socket.sendall(b'{"execute": "inject-nmi"}\n')

    def close(self):
        self._socket.close()


class Run:
    """One run. STOP_AT ends it early, at the STOP_COUNTth time of a console text; RESETS is how many
    resets are allowed; SERIAL where the console's port is; KEYS what to type, as pairs of a console
    line's pattern and the keys. A console line "[screen] NAME" has a picture taken: NAME.ppm in WORK;
    a line "[nmi]" sends the machine one."""

    def __init__(self, command, log, work, timeout=300, silence=120, show=None, stop_at=None,
                 stop_count=1, resets=0, serial="port", keys=()):
        self.timeout, self.silence, self.show, self.stop_at = timeout, silence, show, stop_at
        self.stops_left, self.resets_left = stop_count, resets
        self.keys = list(keys)
        self.work, self.socket, self._monitor = work, os.path.join(work, "qmp"), None
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.command = command + SERIAL[serial] + ["-qmp", "unix:%s,server=on,wait=off" % self.socket]
        if not resets:
            self.command.append("-no-reboot")
        self.outcome = Outcome(log=log)
        self._buffer = b""
        self._end = None            # a moment later, so that the text after a panic is kept

    def run(self):
        start = time.monotonic()
        os.makedirs(os.path.dirname(self.outcome.log), exist_ok=True)
        with open(self.outcome.log, "w", errors="replace") as self.log:
            self.log.write("$ %s\n" % " ".join(self.command))
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                self._watch(start)
            finally:
                if self.process.poll() is None:
                    self.process.kill()
                self.process.wait()
                self.process.stdin.close()
                self.process.stdout.close()
            self.outcome.seconds = time.monotonic() - start
            self.log.write("%8.2f end: %s\n" % (self.outcome.seconds, self.outcome.explain()))
        return self.outcome

    def _connect(self):
        """QEMU makes the socket early; a QEMU that rejects its arguments never does."""
        for _ in range(200):
            if os.path.exists(self.socket):
                try:
                    return Monitor(self.socket)
                except OSError:
                    pass
            if self.process.poll() is not None:
                return None
            time.sleep(0.05)
        return None

    def _watch(self, start):
        monitor = self._monitor = self._connect()
        console = self.process.stdout.fileno()
        sources = [console] + ([monitor] if monitor else [])
        last = time.monotonic()
        while sources:
            now = time.monotonic()
            if self._end and now > self._end:
                break
            if now - start > self.timeout:
                self._ended("timeout")
                break
            if now - last > self.silence:
                self._ended("silence")
                break
            ready, _, _ = select.select(sources, [], [], 0.5)
            if monitor in ready and self._event(monitor):
                sources.remove(monitor)
            if console in ready:
                data = os.read(console, 65536)
                last = time.monotonic()
                if not data:
                    break
                self._text(data, last - start)
        if self._buffer:
            self._line(self._buffer, time.monotonic() - start)
        if monitor:
            while not self.outcome.why and not self._event(monitor):
                pass
            monitor.close()
        self._ended("exited", "status %s" % self.process.poll())

    def _ended(self, why, detail=""):
        if not self.outcome.why:
            self.outcome.why, self.outcome.detail = why, detail

    def _event(self, monitor):
        """Take what the monitor has to say; True when it has gone away."""
        events, gone = monitor.events()
        for event in events:
            if event["event"] == "SHUTDOWN":
                reason = event.get("data", {}).get("reason", "")
                self._ended("reset" if "reset" in reason else "poweroff", reason)
            if event["event"] == "RESET" and self.resets_left:
                self.resets_left -= 1
                self.log.write("         -- the machine was reset --\n")
                self.outcome.lines.append("-- the machine was reset --")
        return gone

    def _text(self, data, seconds):
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._line(line, seconds)
        self.log.flush()

    def _type(self, keys):
        """One key at a time: a UART holds few that nobody has read."""
        for key in keys:
            try:
                os.write(self.process.stdin.fileno(), key.encode())
            except BrokenPipeError:
                return              # QEMU has ended
            time.sleep(0.02)

    def _line(self, line, seconds):
        text = line.decode("utf-8", "replace").rstrip("\r")
        self.outcome.lines.append(text)
        self.log.write("%8.2f %s\n" % (seconds, text))
        if self.show:
            self.show(text)
        picture = re.match(r"\[screen\] (\w+)$", text)
        if picture and self._monitor:
            self._monitor.screendump(os.path.join(self.work, picture.group(1) + ".ppm"))
        if text == "[nmi]" and self._monitor:
            self._monitor.inject_nmi()
        if self._end:
            return
        if self.keys and re.search(self.keys[0][0], text):
            self._type(self.keys.pop(0)[1])
        if self.stop_at and self.stop_at in text:
            self.stops_left -= 1
            if not self.stops_left:
                self._ended("stopped")
                self._end = time.monotonic()
        for sign, meaning in FATAL:
            if sign in text:
                self._ended("fatal", "%s (%s)" % (meaning, text.strip()))
                self._end = time.monotonic() + 3


def run(command, log, work, **options):
    return Run(command, log, work, **options).run()
