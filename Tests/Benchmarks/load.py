#!/usr/bin/env python3
"""xmppload.py with a better clock: `load.py DIR MODE ...` is what `DIR/xmppload.py MODE ...` is.

The processor time of a process is asked of the process's own clock, which also counts threads that have ended; xmppload.py adds up those
that live, and a thread that ends while something is measured takes all that it ever used out of the figure.
"""
import sys
import time


def process_clock(pid):
    """Seconds of processor time, to the nanosecond (see clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def load_xmppload(folder):
    """The module, with the better clock."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    import xmppload

    def cpu_seconds(pid):
        total = 0
        for process in xmppload.descendants(pid):
            try:
                total += process_clock(process)
            except OSError:
                pass
        return total

    xmppload.cpu_seconds = cpu_seconds
    return xmppload


if __name__ == "__main__":
    folder = sys.argv.pop(1)
    load_xmppload(folder).main()
