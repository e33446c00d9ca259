"""What all tests share."""

import signal

# A suite started in the background inherits an ignored SIGINT, and so would what tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
