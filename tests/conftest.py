"""What all tests share."""

import signal

# A suite that runs in the background, or without a terminal, inherits these ignored, and so would every
# process that tests interrupt or hang up.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
